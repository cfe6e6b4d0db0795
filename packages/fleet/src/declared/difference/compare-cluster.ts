/**
 * What it takes for a cluster to be as it is declared. Pure.
 *
 * What is there and not declared is told and stays, unless it was named. What Kafka can't do is refused, with what to
 * do instead.
 */
import type { Topic } from '@millrace/api/declared';
import type { AclBinding, QuotaEntry } from '@millrace/client';
import { aclKey, type WantedAcl } from '../../identity/wanted-acls.ts';
import { mayDropRecords, sameSetting } from '../check/topic-settings.ts';
import type { ClusterState, TopicState } from './cluster-state.ts';

export interface WantedCluster {
  readonly topics: readonly Topic[];
  readonly acls: readonly WantedAcl[];
  readonly quotas: readonly QuotaEntry[];
  /** What was named to be deleted there. */
  readonly doomed: Doomed;
}

export interface Doomed {
  readonly topics: readonly string[];
  readonly acls: readonly AclBinding[];
  readonly quotas: readonly QuotaEntry['entity'][];
}

export interface PartitionsToAdd {
  readonly topic: string;
  readonly from: number;
  readonly to: number;
}

export interface SettingChange {
  readonly name: string;
  /** Null: not set for the topic itself. */
  readonly from: string | null;
  readonly to: string | null;
}

export interface TopicSettings {
  readonly topic: string;
  readonly changes: readonly SettingChange[];
  /** Whether records that are kept now may be deleted then. */
  readonly mayDropRecords: boolean;
}

export interface QuotaToSet {
  readonly entity: QuotaEntry['entity'];
  readonly from: Readonly<Record<string, number>>;
  /** All that it is to have; without any it is deleted. */
  readonly to: Readonly<Record<string, number>>;
}

/** What can't be reached by any step. */
export interface Refusal {
  /** As people name it: `topic east/orders`. */
  readonly subject: string;
  readonly message: string;
}

export interface ClusterDifference {
  readonly topicsToCreate: readonly Topic[];
  readonly partitionsToAdd: readonly PartitionsToAdd[];
  readonly settingsToChange: readonly TopicSettings[];
  readonly aclsToCreate: readonly WantedAcl[];
  readonly quotasToSet: readonly QuotaToSet[];
  readonly topicsToDelete: readonly (TopicState & { readonly name: string })[];
  readonly aclsToDelete: readonly AclBinding[];
  readonly refused: readonly Refusal[];
  /** Wanted, and not to be had on this cluster: sentences. */
  readonly unmet: readonly string[];
  readonly unmanaged: {
    readonly topics: readonly string[];
    readonly acls: readonly AclBinding[];
    readonly quotas: readonly QuotaEntry[];
  };
}

export function compareCluster(cluster: string, wanted: WantedCluster, state: ClusterState): ClusterDifference {
  const access = compareAcls(cluster, wanted, state);
  const quotas = compareQuotas(cluster, wanted, state);
  const topics = compareTopics(cluster, wanted, state);
  return {
    ...topics.difference,
    ...access.difference,
    quotasToSet: quotas.toSet,
    unmet: [...access.unmet, ...quotas.unmet],
    unmanaged: { topics: topics.unmanaged, acls: access.unmanaged, quotas: quotas.unmanaged },
  };
}

function compareTopics(cluster: string, { topics, doomed }: WantedCluster, state: ClusterState) {
  const declared = new Set(topics.map(({ name }) => name));
  const pairs = topics.map((topic) => ({ topic, there: state.topics.get(topic.name) }));
  const there = pairs.flatMap(({ topic, there }) => (there === undefined ? [] : [{ topic, there }]));
  const gone = new Set(doomed.topics);
  return {
    difference: {
      topicsToCreate: pairs.filter(({ there }) => there === undefined).map(({ topic }) => topic),
      partitionsToAdd: there
        .filter(({ topic, there }) => topic.partitions > there.partitions)
        .map(({ topic, there }) => ({ topic: topic.name, from: there.partitions, to: topic.partitions })),
      settingsToChange: there.flatMap(({ topic, there }) => settingsOf(topic, there)),
      topicsToDelete: doomed.topics.flatMap((name) => {
        const doomedState = state.topics.get(name);
        return doomedState === undefined ? [] : [{ name, ...doomedState }];
      }),
      refused: pairs.flatMap(({ topic, there }) => {
        const subject = `topic ${cluster}/${topic.name}`;
        return there === undefined ? tooManyReplicas(subject, topic, state) : refusalsOf(subject, topic, there);
      }),
    },
    unmanaged: [...state.topics.keys()].filter((name) => !declared.has(name) && !gone.has(name)),
  };
}

function settingsOf(topic: Topic, there: TopicState): TopicSettings[] {
  const wanted = new Map(Object.entries(topic.configs ?? {}).map(([name, value]) => [name, String(value)]));
  const changes: SettingChange[] = [];
  for (const [name, to] of wanted) {
    const from = there.configs[name];
    if (from === undefined || !sameSetting(name, from, to)) changes.push({ name, from: from ?? null, to });
  }
  for (const [name, from] of Object.entries(there.configs)) {
    if (!wanted.has(name)) changes.push({ name, from, to: null });
  }
  if (changes.length === 0) return [];
  const drops = changes.some(({ name, from, to }) => mayDropRecords(name, from ?? undefined, to ?? undefined));
  return [{ topic: topic.name, changes, mayDropRecords: drops }];
}

function tooManyReplicas(subject: string, { cluster, replicas = 1 }: Topic, { brokers }: ClusterState): Refusal[] {
  if (replicas <= brokers) return [];
  const message = `is declared with ${replicas} replicas, and ${cluster} has ${brokers} brokers`;
  return [{ subject, message }];
}

function refusalsOf(subject: string, topic: Topic, there: TopicState): Refusal[] {
  const refusals: Refusal[] = [];
  if (topic.partitions < there.partitions) {
    const message =
      `has ${there.partitions} partitions and is declared with ${topic.partitions}: Kafka takes none away; ` +
      `declare ${there.partitions}, or make another topic and move to it`;
    refusals.push({ subject, message });
  }
  if (topic.replicas !== undefined && topic.replicas !== there.replicas) {
    const message =
      `has ${there.replicas} replicas and is declared with ${topic.replicas}: that takes a reassignment of its ` +
      `partitions; do that first, or declare ${there.replicas}`;
    refusals.push({ subject, message });
  }
  return refusals;
}

function compareAcls(cluster: string, { acls, doomed }: WantedCluster, { acls: there, aclsProblem }: ClusterState) {
  if (there === undefined) {
    const reason = aclsProblem ?? 'nobody knows why';
    const unmet =
      acls.length === 0 ? [] : [`cluster ${cluster} does not get the ${acls.length} ACLs that are declared: ${reason}`];
    return { difference: { aclsToCreate: [], aclsToDelete: [] }, unmet, unmanaged: [] };
  }
  const known = new Set(there.map(aclKey));
  const wanted = new Set(acls.map(({ acl }) => aclKey(acl)));
  const named = new Set(doomed.acls.map(aclKey));
  const extra = there.filter((acl) => !wanted.has(aclKey(acl)));
  return {
    difference: {
      aclsToCreate: acls.filter(({ acl }) => !known.has(aclKey(acl))),
      aclsToDelete: extra.filter((acl) => named.has(aclKey(acl))),
    },
    unmet: [],
    unmanaged: extra.filter((acl) => !named.has(aclKey(acl))),
  };
}

/** Two quotas are for the same when their keys are. */
export function entityKey(entity: QuotaEntry['entity']): string {
  return JSON.stringify([entity.user, entity['client-id'], entity.ip].map((part) => (part === undefined ? 0 : part)));
}

function compareQuotas(
  cluster: string,
  { quotas, doomed }: WantedCluster,
  { quotas: there, quotasProblem }: ClusterState,
): { readonly toSet: QuotaToSet[]; readonly unmet: string[]; readonly unmanaged: QuotaEntry[] } {
  if (there === undefined) {
    const reason = quotasProblem ?? 'nobody knows why';
    const unmet =
      quotas.length === 0 ? [] : [`cluster ${cluster} does not get the ${quotas.length} quotas of it: ${reason}`];
    return { toSet: [], unmet, unmanaged: [] };
  }
  const known = new Map(there.map((entry) => [entityKey(entry.entity), entry]));
  const wanted = new Set(quotas.map(({ entity }) => entityKey(entity)));
  const named = new Set(doomed.quotas.map(entityKey));
  const toSet = quotas.flatMap(({ entity, quotas: to }): QuotaToSet[] => {
    const from = known.get(entityKey(entity))?.quotas ?? {};
    return sameLimits(from, to) ? [] : [{ entity, from, to }];
  });
  const extra = there.filter(({ entity }) => !wanted.has(entityKey(entity)));
  for (const { entity, quotas: from } of extra) {
    if (named.has(entityKey(entity))) toSet.push({ entity, from, to: {} });
  }
  return { toSet, unmet: [], unmanaged: extra.filter(({ entity }) => !named.has(entityKey(entity))) };
}

function sameLimits(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
