/** ACLs and quotas of a cluster, where it has them and we may see them. */
import { isMillraceError } from '@millrace/base';
import type { AclBinding, Client, QuotaEntry } from '@millrace/client';

export interface Access {
  readonly acls?: readonly AclBinding[];
  readonly quotas?: readonly QuotaEntry[];
}

/** Rejects when the cluster does not answer. */
export async function readAccess(client: Client, timeoutMs: number, signal: AbortSignal): Promise<Access> {
  await using admin = client.admin();
  const [acls, quotas] = await Promise.all([
    whereTold(admin.describeAcls({}, { timeoutMs, signal })),
    whereTold(admin.describeClientQuotas({}, { timeoutMs, signal })),
  ]);
  return { ...(acls !== undefined && { acls }), ...(quotas !== undefined && { quotas }) };
}

/** Undefined where the answer is that there is none, or none for us: no authorizer, no right, a broker too old. */
async function whereTold<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isMillraceError(error) && !error.retriable) return undefined;
    throw error;
  }
}
