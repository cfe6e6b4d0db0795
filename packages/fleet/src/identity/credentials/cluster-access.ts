/**
 * What is done on one cluster for a principal: its ACLs, quotas and password. Everything may be done twice. A cluster
 * without an authorizer has no ACLs, and is left as it is.
 */
import { isMillraceError } from '@millrace/base';
import {
  type AclBinding,
  type AclFilter,
  type Admin,
  type Client,
  type QuotaEntity,
  type QuotaValues,
  unwrap,
} from '@millrace/client';
import { errorCodes, type KafkaError } from '@millrace/wire';
import { userOfPrincipal } from '../principals.ts';
import { mechanism } from '../secrets/password.ts';
import { aclKey, denialsOf } from '../wanted-acls.ts';

/** What was done, for the operation's record. */
export interface GrantOutcome {
  readonly acls: number;
  readonly quotas: number;
  /** False where nobody enforces ACLs. */
  readonly enforced: boolean;
}

/** Creates the ACLs, and those that the other principal has besides, and sets its quotas likewise. */
export async function grantAccess(
  client: Client,
  principal: string,
  like: string | null,
  wanted: { readonly acls: readonly AclBinding[]; readonly quotas: readonly QuotaWish[] },
  signal: AbortSignal,
): Promise<GrantOutcome> {
  const admin = client.admin();
  const theirs = like === null ? [] : await aclsOf(admin, like, signal);
  const denied = new Set(like === null ? [] : denialsOf(like).map(aclKey));
  const copied = (theirs ?? [])
    .filter((acl) => !denied.has(aclKey(acl)))
    .map((acl): AclBinding => ({ ...acl, principal }));
  const acls = new Map([...wanted.acls, ...copied].map((acl) => [aclKey(acl), acl]));
  const enforced = await createAcls(admin, [...acls.values()], signal);
  const quotas = [...(await quotasLike(admin, principal, like, signal)), ...wanted.quotas];
  const changes = quotas.map(({ entity, quotas: set }) => ({ entity, set }));
  if (changes.length > 0) unwrap(await admin.alterClientQuotas(changes, { signal }));
  return { acls: enforced ? acls.size : 0, quotas: quotas.length, enforced };
}

/** Denies everything, which brokers heed with the next request. Answers false where nobody enforces ACLs. */
export async function denyAccess(client: Client, principal: string, signal: AbortSignal): Promise<boolean> {
  const admin = client.admin();
  const denials = denialsOf(principal);
  // Brokers before 3.3 have no resources of this type, so nothing of it is to be denied there.
  const recent = denials.filter(({ resourceType }) => resourceType === 'user');
  const known = denials.filter((acl) => !recent.includes(acl));
  if (!(await createAcls(admin, known, signal))) return false;
  await createAcls(admin, recent, signal, [errorCodes.INVALID_REQUEST, errorCodes.UNSUPPORTED_VERSION]);
  return true;
}

/** Takes back what `denyAccess` has denied, and nothing else. */
export async function admitAgain(client: Client, principal: string, signal: AbortSignal): Promise<void> {
  const filters: AclFilter[] = denialsOf(principal).map((acl) => ({ ...acl }));
  try {
    const results = unwrap(await client.admin().deleteAcls(filters, { signal }));
    for (const { deleted } of results) unwrap(deleted);
  } catch (error) {
    if (!isSecurityDisabled(error)) throw error;
  }
}

export async function writePassword(
  client: Client,
  principal: string,
  password: string,
  signal: AbortSignal,
): Promise<void> {
  const user = userOf(principal);
  unwrap(await client.admin().alterScramCredentials([{ user, mechanism, password }], { signal }));
}

/** A password that is not there is deleted. */
export async function deletePassword(client: Client, principal: string, signal: AbortSignal): Promise<void> {
  const user = userOf(principal);
  const [result] = await client.admin().alterScramCredentials([{ user, mechanism, delete: true }], { signal });
  const error = result?.error;
  if (error !== undefined && error.errorCode !== errorCodes.RESOURCE_NOT_FOUND) throw error;
}

/** All ACLs of a principal; undefined where nobody enforces ACLs. */
async function aclsOf(admin: Admin, principal: string, signal: AbortSignal): Promise<AclBinding[] | undefined> {
  try {
    return await admin.describeAcls({ principal }, { signal });
  } catch (error) {
    if (isSecurityDisabled(error)) return undefined;
    throw error;
  }
}

async function createAcls(
  admin: Admin,
  acls: readonly AclBinding[],
  signal: AbortSignal,
  tolerated: readonly number[] = [],
): Promise<boolean> {
  if (acls.length === 0) return true;
  try {
    const results = await admin.createAcls(acls, { signal });
    for (const { error } of results) {
      if (error !== undefined && !tolerated.includes(error.errorCode)) throw error;
    }
    return true;
  } catch (error) {
    if (isSecurityDisabled(error)) return false;
    throw error;
  }
}

export interface QuotaWish {
  readonly entity: QuotaEntity;
  readonly quotas: QuotaValues;
}

/** What the other user has, of its own and with client ids, as that of this one. */
async function quotasLike(
  admin: Admin,
  principal: string,
  like: string | null,
  signal: AbortSignal,
): Promise<QuotaWish[]> {
  const name = like === null ? undefined : userOfPrincipal(like);
  const user = userOfPrincipal(principal);
  if (name === undefined || user === undefined) return [];
  const found = await admin.describeClientQuotas({ user: { name } }, { signal });
  return found.map(({ entity, quotas }) => ({ entity: { ...entity, user }, quotas }));
}

function userOf(principal: string): string {
  const user = userOfPrincipal(principal);
  if (user === undefined) throw new TypeError(`${principal} is no user`);
  return user;
}

function isSecurityDisabled(error: unknown): boolean {
  return isMillraceError(error, 'kafka_error') && (error as KafkaError).errorCode === errorCodes.SECURITY_DISABLED;
}
