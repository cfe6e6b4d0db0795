/**
 * Which quotas the record asks for: one that is declared for a user with the name of an application holds for each of
 * its users that take turns, so that neither is slower than the other. Pure.
 */
import type { Quota } from '@millrace/api/declared';
import type { QuotaEntity, QuotaValues } from '@millrace/client';
import type { DeclaredFleet } from '../record/record.ts';
import { slots, userOf } from './principals.ts';

export interface WantedQuota {
  readonly entity: QuotaEntity;
  readonly quotas: QuotaValues;
}

/** By cluster, in the order in which they are declared. */
export function wantedQuotas(fleet: Pick<DeclaredFleet, 'list'>): ReadonlyMap<string, readonly WantedQuota[]> {
  const applications = new Set(fleet.list('application').map(({ spec }) => spec.name));
  const wanted = new Map<string, WantedQuota[]>();
  for (const { spec } of fleet.list('quota')) {
    const { cluster, user, limits } = spec;
    const users = user !== undefined && applications.has(user) ? slots.map((slot) => userOf(user, slot)) : [user];
    const entries = users.map((each): WantedQuota => ({ entity: entityOf({ ...spec, user: each }), quotas: limits }));
    wanted.set(cluster, [...(wanted.get(cluster) ?? []), ...entries]);
  }
  return wanted;
}

type Entity = { readonly [Part in 'user' | 'clientId' | 'ip']?: Quota[Part] | undefined };

/** Whom a quota is for, as clusters have it. */
export function entityOf({ user, clientId, ip }: Entity): QuotaEntity {
  const parts = Object.entries({ user, 'client-id': clientId, ip }).filter(([, name]) => name !== undefined);
  return Object.fromEntries(parts.map(([type, name]) => [type, name === '<default>' ? null : String(name)]));
}
