/**
 * Makes the ACLs of an application on a cluster, of all that are wanted there, and takes back those on a topic that
 * goes. A cluster without an authorizer has no ACLs, and is left as it is.
 */
import type { Application } from '@millrace/api/declared';
import { isMillraceError } from '@millrace/base';
import { type AclFilter, type Client, type KafkaError, unwrap } from '@millrace/client';
import { principalsOf } from '../../identity/principals.ts';
import type { WantedAcl } from '../../identity/wanted-acls.ts';

/** What was done; `enforced` is false where nobody asks for ACLs. */
export interface AccessOutcome {
  readonly acls: number;
  readonly enforced: boolean;
}

export async function provisionAccess(
  client: Client,
  application: Pick<Application, 'name' | 'principals'>,
  wanted: readonly WantedAcl[],
  signal: AbortSignal,
): Promise<AccessOutcome> {
  const principals = new Set(principalsOf(application));
  const acls = wanted.map(({ acl }) => acl).filter(({ principal }) => principals.has(principal));
  if (acls.length === 0) return { acls: 0, enforced: true };
  return await unlessUnsecured(async () => {
    unwrap(await client.admin().createAcls(acls, { signal }));
    return acls.length;
  });
}

/** Of these applications, on this topic alone. */
export async function takeBackAccess(
  client: Client,
  applications: readonly Pick<Application, 'name' | 'principals'>[],
  topic: string,
  signal: AbortSignal,
): Promise<AccessOutcome> {
  const filters = applications.flatMap(principalsOf).map(
    (principal): AclFilter => ({
      principal,
      resourceType: 'topic',
      resourceName: topic,
      patternType: 'literal',
      permission: 'allow',
    }),
  );
  if (filters.length === 0) return { acls: 0, enforced: true };
  return await unlessUnsecured(async () => {
    const results = unwrap(await client.admin().deleteAcls(filters, { signal }));
    return results.reduce((count, { deleted }) => count + unwrap(deleted).length, 0);
  });
}

async function unlessUnsecured(work: () => Promise<number>): Promise<AccessOutcome> {
  try {
    return { acls: await work(), enforced: true };
  } catch (error) {
    if (!isMillraceError(error, 'kafka_error')) throw error;
    if ((error as KafkaError).errorName !== 'SECURITY_DISABLED') throw error;
    return { acls: 0, enforced: false };
  }
}
