/**
 * What of access is wanted on clusters, as the record says it. Here that is what is declared as it is; whoever knows
 * what else follows from the record, as from the topics that applications use, hands in a fuller one.
 */
import type { Acl, Quota } from '@millrace/api/declared';
import type { AclBinding, QuotaEntity, QuotaEntry } from '@millrace/client';
import type { DeclaredFleet } from '../record/record.ts';

/** An ACL that is to be there, and why: `orders produces to orders.placed`. */
export interface WantedAcl {
  readonly acl: AclBinding;
  readonly because: readonly string[];
}

export interface WantedAccess {
  /** By cluster; each ACL once, those that are declared among them. */
  acls(fleet: Pick<DeclaredFleet, 'list'>): ReadonlyMap<string, readonly WantedAcl[]>;
  /** By cluster; each entity once. */
  quotas(fleet: Pick<DeclaredFleet, 'list'>): ReadonlyMap<string, readonly QuotaEntry[]>;
}

/** What is declared as it is, and nothing else. */
export const declaredAccess: WantedAccess = {
  acls: (fleet) =>
    byCluster(
      fleet.list('acl').map(({ spec }) => [spec.cluster, { acl: bindingOf(spec), because: ['it is declared'] }]),
    ),
  quotas: (fleet) =>
    byCluster(fleet.list('quota').map(({ spec }) => [spec.cluster, { entity: entityOf(spec), quotas: spec.limits }])),
};

/** The rule as clusters have it. */
export function bindingOf(acl: Acl): AclBinding {
  return {
    // Both words are checked where they are declared.
    resourceType: acl.resourceType as AclBinding['resourceType'],
    resourceName: acl.resourceName,
    patternType: acl.patternType ?? 'literal',
    principal: acl.principal,
    host: acl.host ?? '*',
    operation: acl.operation as AclBinding['operation'],
    permission: acl.permission ?? 'allow',
  };
}

/** Whom the quota is for, as clusters have it. */
export function entityOf({ user, clientId, ip }: Pick<Quota, 'user' | 'clientId' | 'ip'>): QuotaEntity {
  const parts = Object.entries({ user, 'client-id': clientId, ip }).filter(([, name]) => name !== undefined);
  return Object.fromEntries(parts.map(([type, name]) => [type, name === '<default>' ? null : String(name)]));
}

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

function byCluster<T>(entries: readonly (readonly [string, T])[]): Map<string, T[]> {
  const clusters = new Map<string, T[]>();
  for (const [cluster, entry] of entries) {
    const own = clusters.get(cluster);
    if (own === undefined) clusters.set(cluster, [entry]);
    else own.push(entry);
  }
  return clusters;
}
