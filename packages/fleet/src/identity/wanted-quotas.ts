/**
 * Which quotas the record asks for: one that is declared for a user with the name of an application holds for each of
 * its users that take turns, so that neither is slower than the other; what is declared for one of these itself comes
 * first. Pure.
 */
import type { Quota } from '@millrace/api/declared';
import type { QuotaEntity, QuotaEntry } from '@millrace/client';
import type { DeclaredFleet } from '../record/record.ts';
import { slots, userOf } from './principals.ts';

/** By cluster, in the order in which they are declared; each entity once. */
export function wantedQuotas(fleet: Pick<DeclaredFleet, 'list'>): ReadonlyMap<string, readonly QuotaEntry[]> {
  const applications = new Set(fleet.list('application').map(({ spec }) => spec.name));
  const wanted = new Map<string, Map<string, QuotaEntry>>();
  for (const { spec } of fleet.list('quota')) {
    const { cluster, user, limits } = spec;
    const ofCluster = wanted.get(cluster) ?? new Map<string, QuotaEntry>();
    wanted.set(cluster, ofCluster);
    const isOwn = user === undefined || !applications.has(user);
    for (const each of isOwn ? [user] : slots.map((slot) => userOf(user, slot))) {
      const entity = entityOf({ ...spec, user: each });
      const key = JSON.stringify([entity.user, entity['client-id'], entity.ip]);
      if (isOwn || !ofCluster.has(key)) ofCluster.set(key, { entity, quotas: limits });
    }
  }
  return new Map([...wanted].map(([cluster, entries]) => [cluster, [...entries.values()]]));
}

type Entity = { readonly [Part in 'user' | 'clientId' | 'ip']?: Quota[Part] | undefined };

/** Whom a quota is for, as clusters have it. */
export function entityOf({ user, clientId, ip }: Entity): QuotaEntity {
  const parts = Object.entries({ user, 'client-id': clientId, ip }).filter(([, name]) => name !== undefined);
  return Object.fromEntries(parts.map(([type, name]) => [type, name === '<default>' ? null : String(name)]));
}
