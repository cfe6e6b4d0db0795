/**
 * A difference as people are told it: what is other than it is declared, thing by thing, and what they should know and
 * no step does. Pure.
 */
import type { KindName } from '@millrace/api/declared';
import type { FleetDifferenceItem, ToldItem } from '@millrace/api/fleet';
import { idOf } from '../fleet-lists.ts';
import { aclOf, quotaOf } from '../wanted-access.ts';
import type { ClusterDifference } from './compare-cluster.ts';
import type { FleetDifference } from './fleet-difference.ts';
import { writtenNameOf } from './named-things.ts';

export function differencesOf({ intent, clusters }: FleetDifference): FleetDifferenceItem[] {
  return [
    ...[...intent.toDeclare, ...intent.toRemove].map(({ kind, id, before, to }): FleetDifferenceItem => {
      const action = before === null ? 'create' : to === null ? 'delete' : 'change';
      return { kind, id, action, destructive: false, before, to };
    }),
    ...[...clusters].flatMap(([cluster, difference]) => differencesOn(cluster, difference)),
  ];
}

function differencesOn(cluster: string, difference: ClusterDifference): FleetDifferenceItem[] {
  const topic = (name: string) => ({ cluster, kind: 'topic', id: `${cluster}/${name}` }) as const;
  return [
    ...difference.topicsToCreate.map(({ name, partitions, replicas, configs }): FleetDifferenceItem => {
      return { ...topic(name), action: 'create', destructive: false, to: { partitions, replicas, configs } };
    }),
    ...difference.partitionsToAdd.map(({ topic: name, from, to }): FleetDifferenceItem => {
      const sides = { before: { partitions: from }, to: { partitions: to } };
      return { ...topic(name), action: 'change', destructive: false, ...sides };
    }),
    ...difference.settingsToChange.map(({ topic: name, changes, mayDropRecords }): FleetDifferenceItem => {
      const side = (of: 'from' | 'to') => ({
        configs: Object.fromEntries(changes.map((each) => [each.name, each[of]])),
      });
      return { ...topic(name), action: 'change', destructive: mayDropRecords, before: side('from'), to: side('to') };
    }),
    ...difference.aclsToCreate.map(({ acl, because }): FleetDifferenceItem => {
      const id = idOf('acl', aclOf(cluster, acl));
      return { cluster, kind: 'acl', id, action: 'create', destructive: false, to: { because } };
    }),
    ...difference.quotasToSet.map(({ entity, from, to }): FleetDifferenceItem => {
      const id = idOf('quota', quotaOf(cluster, { entity, quotas: to }));
      const isDeleted = Object.keys(to).length === 0;
      const action = isDeleted ? 'delete' : Object.keys(from).length === 0 ? 'create' : 'change';
      return { cluster, kind: 'quota', id, action, destructive: isDeleted, before: from, to };
    }),
    ...difference.aclsToDelete.map((acl): FleetDifferenceItem => {
      return { cluster, kind: 'acl', id: idOf('acl', aclOf(cluster, acl)), action: 'delete', destructive: true };
    }),
    ...difference.topicsToDelete.map(({ name, partitions, replicas, configs }): FleetDifferenceItem => {
      return { ...topic(name), action: 'delete', destructive: true, before: { partitions, replicas, configs } };
    }),
  ];
}

export function toldOf({ intent, clusters, unreachable, unseen, flows }: FleetDifference): ToldItem[] {
  const missing = Map.groupBy(intent.missing, ({ kind }) => kind);
  return [
    ...[...unreachable].map(([cluster, problem]): ToldItem => {
      const text = `cluster ${cluster} is out of reach, so nothing is known of it and nothing done: ${problem}`;
      return { about: 'unreachable', cluster, names: [], text };
    }),
    ...unseen.map((cluster): ToldItem => {
      const text = `cluster ${cluster} is declared only now, and filled as if it were empty: look again afterwards`;
      return { about: 'unseen', cluster, names: [], text };
    }),
    ...[...clusters].flatMap(([cluster, { unmet }]) =>
      unmet.map((text): ToldItem => ({ about: 'unmet', cluster, names: [], text })),
    ),
    ...[...missing].map(([kind, things]): ToldItem => {
      const names = things.map(writtenNameOf);
      const subject = `${counted(names.length, kind)} of the record ${isOrAre(names.length)}`;
      const text = `${subject} not in the file: ${some(names)}`;
      return { about: 'not_in_file', kind, names, text };
    }),
    ...[...clusters].flatMap(([cluster, { unmanaged }]) => unmanagedOn(cluster, unmanaged)),
    ...flows,
  ];
}

function unmanagedOn(cluster: string, { topics, acls, quotas }: ClusterDifference['unmanaged']): ToldItem[] {
  const ids: readonly (readonly [KindName, readonly string[]])[] = [
    ['topic', topics.map((name) => `${cluster}/${name}`)],
    ['acl', acls.map((acl) => idOf('acl', aclOf(cluster, acl)))],
    ['quota', quotas.map((quota) => idOf('quota', quotaOf(cluster, quota)))],
  ];
  return ids
    .filter(([, own]) => own.length > 0)
    .map(([kind, own]): ToldItem => {
      const names = own.map((id) => writtenNameOf({ kind, id }));
      const text = `${counted(names.length, kind)} on ${cluster} ${isOrAre(names.length)} not declared: ${some(names)}`;
      return { about: 'unmanaged', cluster, kind, names, text };
    });
}

const namesShown = 5;

function some(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).join(', ');
  return names.length > namesShown ? `${shown} and ${names.length - namesShown} more` : shown;
}

function isOrAre(count: number): string {
  return count === 1 ? 'is' : 'are';
}

const plurals: Readonly<Record<string, string>> = { policy: 'policies', ACL: 'ACLs', acl: 'ACLs' };

/** `1 topic`, `3 topics`. */
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun === 'acl' ? 'ACL' : noun}`;
  return `${count} ${plurals[noun] ?? `${noun}s`}`;
}
