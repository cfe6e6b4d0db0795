/**
 * What of access is wanted on clusters, as the record says it: what is declared as it is, and what follows from
 * applications. And the other way round: what is there, as it would be declared.
 */
import type { Acl, Quota } from '@millrace/api/declared';
import type { AclBinding, QuotaEntry } from '@millrace/client';
import { type WantedAcl, wantedAcls } from '../identity/wanted-acls.ts';
import { wantedQuotas } from '../identity/wanted-quotas.ts';
import type { DeclaredFleet } from '../record/record.ts';

export interface WantedAccess {
  /** By cluster; each ACL once, with why it is wanted. */
  acls(fleet: Pick<DeclaredFleet, 'list'>): ReadonlyMap<string, readonly WantedAcl[]>;
  /** By cluster; each entity once. */
  quotas(fleet: Pick<DeclaredFleet, 'list'>): ReadonlyMap<string, readonly QuotaEntry[]>;
}

/** What follows from the record alone: nobody is shut out, and all clusters are of a version that is maintained. */
export const recordAccess: WantedAccess = { acls: (fleet) => wantedAcls(fleet), quotas: wantedQuotas };

/** The rule as it is declared, in its one spelling. */
export function aclOf(cluster: string, binding: AclBinding): Acl {
  const { principal, host, operation, permission, resourceType, resourceName, patternType } = binding;
  return {
    cluster,
    principal,
    ...(host !== '*' && { host }),
    operation,
    ...(permission !== 'allow' && { permission }),
    resourceType,
    resourceName,
    ...(patternType !== 'literal' && { patternType }),
  };
}

/** The quota as it is declared. */
export function quotaOf(cluster: string, { entity, quotas }: QuotaEntry): Quota {
  const name = (part: string | null | undefined): string | undefined => (part === null ? '<default>' : part);
  const user = name(entity.user);
  const clientId = name(entity['client-id']);
  const ip = name(entity.ip);
  return {
    cluster,
    ...(user !== undefined && { user }),
    ...(clientId !== undefined && { clientId }),
    ...(ip !== undefined && { ip }),
    limits: Object.fromEntries(Object.entries(quotas).sort(([one], [other]) => (one < other ? -1 : 1))),
  };
}
