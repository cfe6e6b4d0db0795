/**
 * The fleet as it runs, as what could be declared of it: what the record says, with topics, ACLs and quotas as they are
 * on the clusters. What can't be had is told beside it. Pure.
 */
import { type KindName, kindNames, type Quota, type Spec, type Topic } from '@millrace/api/declared';
import type { QuotaEntry } from '@millrace/client';
import { aclKey, declaredBinding } from '../../identity/wanted-acls.ts';
import type { DeclaredFleet } from '../../record/record.ts';
import { sameSetting } from '../check/topic-settings.ts';
import { declaredFleetOf, listsOf } from '../declared-lists.ts';
import { type ClusterState, isInternal } from '../difference/cluster-state.ts';
import { entityKey } from '../difference/compare-cluster.ts';
import type { Look } from '../difference/fleet-difference.ts';
import { fullLists, idOf } from '../fleet-lists.ts';
import { aclOf, quotaOf, type WantedAccess } from '../wanted-access.ts';

/** A thing with what people should know of it. */
export interface ExportedThing<K extends KindName = KindName> {
  readonly spec: Spec<K>;
  readonly comment?: string | undefined;
}

export interface ExportedFleet {
  /** By id ascending; kinds as they are, in the order in which they refer to each other. */
  readonly kinds: ReadonlyMap<KindName, readonly ExportedThing[]>;
  /** What is not in it, and why: sentences. */
  readonly notes: readonly string[];
}

/** Clusters that nobody looked at are as the record has them. */
export function exportFleet(
  fleet: DeclaredFleet,
  looks: ReadonlyMap<string, Look>,
  access: WantedAccess,
): ExportedFleet {
  const notes: string[] = [];
  const kinds = new Map<KindName, ExportedThing[]>(
    kindNames.map((kind) => [kind, fleet.list(kind).map(({ spec }) => ({ spec }))]),
  );
  const followers = { ...listsOf(fleet), acl: [], quota: [] };
  const following = access.acls(declaredFleetOf(followers));
  for (const [cluster, look] of looks) {
    if ('problem' in look) {
      notes.push(`cluster ${cluster} was out of reach, so all of it is as the record has it: ${look.problem}`);
      continue;
    }
    const { state } = look;
    replaceOn(kinds, 'topic', cluster, topicsOf(cluster, fleet, state));
    if (state.acls === undefined) notes.push(`no ACLs of cluster ${cluster}: ${state.aclsProblem}`);
    else {
      const known = new Set((following.get(cluster) ?? []).map(({ acl }) => aclKey(acl)));
      replaceOn(kinds, 'acl', cluster, aclsOf(cluster, fleet, state.acls, known));
    }
    if (state.quotas === undefined) notes.push(`no quotas of cluster ${cluster}: ${state.quotasProblem}`);
    else replaceOn(kinds, 'quota', cluster, quotasOf(cluster, fleet, state.quotas, access));
  }
  for (const [kind, things] of kinds) things.sort((a, b) => compareText(idOf(kind, a.spec), idOf(kind, b.spec)));
  return { kinds, notes };
}

type ClusterKind = 'topic' | 'acl' | 'quota';

function replaceOn<K extends ClusterKind>(
  kinds: Map<KindName, ExportedThing[]>,
  kind: K,
  cluster: string,
  things: readonly ExportedThing<K>[],
): void {
  const others = (kinds.get(kind) ?? []).filter(({ spec }) => (spec as Spec<ClusterKind>).cluster !== cluster);
  kinds.set(kind, [...others, ...things]);
}

function topicsOf(cluster: string, fleet: DeclaredFleet, { topics }: ClusterState): ExportedThing<'topic'>[] {
  const things: ExportedThing<'topic'>[] = [];
  for (const [name, { partitions, replicas, configs }] of topics) {
    if (isInternal(name)) continue;
    const declared = fleet.get('topic', `${cluster}/${name}`)?.spec;
    const own = Object.keys(configs).length === 0 ? {} : { configs: sorted(configs) };
    const { configs: _configs, ...rest } = declared ?? {};
    // Who left it to the cluster goes on doing so.
    const isLeft = declared !== undefined && declared.replicas === undefined;
    const spec: Topic = { ...rest, name, cluster, partitions, ...(!isLeft && { replicas }), ...own };
    things.push({ spec, comment: declared === undefined ? undefined : otherThanDeclared(declared, spec) });
  }
  for (const { spec } of fleet.list('topic')) {
    if (spec.cluster === cluster && !topics.has(spec.name)) things.push({ spec, comment: 'declared, and not there' });
  }
  return things;
}

function otherThanDeclared(declared: Topic, spec: Topic): string | undefined {
  const others: string[] = [];
  if (declared.partitions !== spec.partitions) others.push(`${declared.partitions} partitions`);
  if (declared.replicas !== undefined && declared.replicas !== spec.replicas)
    others.push(`${declared.replicas} replicas`);
  const names = new Set([...Object.keys(declared.configs ?? {}), ...Object.keys(spec.configs ?? {})]);
  for (const name of names) {
    const [wanted, there] = [declared.configs?.[name], spec.configs?.[name]];
    const isSame = wanted !== undefined && there !== undefined && sameSetting(name, String(wanted), String(there));
    if (!isSame) others.push(wanted === undefined ? `no ${name}` : `${name}=${wanted}`);
  }
  return others.length === 0 ? undefined : `declared with ${others.join(', ')}`;
}

function aclsOf(
  cluster: string,
  fleet: DeclaredFleet,
  acls: NonNullable<ClusterState['acls']>,
  following: ReadonlySet<string>,
): ExportedThing<'acl'>[] {
  const there = new Set(acls.map(aclKey));
  const declared = fleet.list('acl').filter(({ spec }) => spec.cluster === cluster);
  const named = new Set(declared.map(({ spec }) => aclKey(declaredBinding(spec))));
  return [
    ...acls
      .filter((acl) => named.has(aclKey(acl)) || !following.has(aclKey(acl)))
      .map((acl): ExportedThing<'acl'> => ({ spec: aclOf(cluster, acl) })),
    ...declared
      .filter(({ spec }) => !there.has(aclKey(declaredBinding(spec))))
      .map(({ spec }): ExportedThing<'acl'> => ({ spec, comment: 'declared, and not there' })),
  ];
}

/** A quota that is declared may be there for several, as for the users of an application. */
function quotasOf(
  cluster: string,
  fleet: DeclaredFleet,
  quotas: readonly QuotaEntry[],
  access: WantedAccess,
): ExportedThing<'quota'>[] {
  const there = new Map(quotas.map((entry) => [entityKey(entry.entity), entry.quotas]));
  const covered = new Set<string>();
  const applications = fleet.list('application').map(({ spec }) => spec);
  const things = fleet
    .list('quota')
    .filter(({ spec }) => spec.cluster === cluster)
    .map(({ spec }): ExportedThing<'quota'> => {
      const alone = declaredFleetOf(fullLists({ application: applications, quota: [spec] }));
      const wanted = access.quotas(alone).get(cluster) ?? [];
      for (const { entity } of wanted) covered.add(entityKey(entity));
      return describedQuota(
        spec,
        wanted.map(({ entity }) => there.get(entityKey(entity)) ?? {}),
      );
    });
  const others = quotas.filter(({ entity }) => !covered.has(entityKey(entity)));
  return [...things, ...others.map((entry): ExportedThing<'quota'> => ({ spec: quotaOf(cluster, entry) }))];
}

function describedQuota(spec: Quota, found: readonly QuotaEntry['quotas'][]): ExportedThing<'quota'> {
  const [first = {}] = found.map(sorted);
  const isOne = found.every((limits) => JSON.stringify(sorted(limits)) === JSON.stringify(first));
  if (!isOne) return { spec, comment: 'declared so, and otherwise there' };
  if (Object.keys(first).length === 0) return { spec, comment: 'declared, and not there' };
  if (JSON.stringify(first) === JSON.stringify(sorted(spec.limits))) return { spec };
  return { spec: { ...spec, limits: first }, comment: `declared with ${JSON.stringify(spec.limits)}` };
}

function sorted<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => compareText(a, b)));
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
