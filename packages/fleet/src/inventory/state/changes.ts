/**
 * What changed in a cluster between two looks, for its history. Rates, sizes and offsets are no changes; leaders that
 * move are none either, replicas that are missing are. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ObservedBroker, ObservedCluster, ObservedGroup, ObservedTopic } from '../inventory.ts';
import { isSameList } from '../observe/read-shape.ts';

export type ChangedKind = 'cluster' | 'broker' | 'topic' | 'group' | 'acl' | 'quota';

export interface ObservedChange {
  readonly kind: ChangedKind;
  /** Among its kind, in its cluster. */
  readonly name: string;
  readonly what: 'appeared' | 'changed' | 'gone';
  /** What of it changed. */
  readonly field?: string | undefined;
  /** Values of JSON. */
  readonly from?: unknown;
  readonly to?: unknown;
}

/** Moved replicas that a change names at most. */
const movesMax = 50;

/** Of a cluster that was never seen before only that it appeared: nobody knows since when the rest is there. */
export function changesBetween(before: ObservedCluster, after: ObservedCluster): ObservedChange[] {
  const { name } = after;
  const changes: ObservedChange[] = [];
  const cluster = (field: string, from: unknown, to: unknown): void => {
    if (from !== to) changes.push({ kind: 'cluster', name, what: 'changed', field, from, to });
  };
  if (after.observedAt === null || before.observedAt === null) {
    if (after.observedAt !== null) {
      const to = { brokers: after.brokers.length, topics: after.topics.size, groups: after.groups.size };
      changes.push({ kind: 'cluster', name, what: 'appeared', to });
    }
    return changes;
  }
  cluster('reachable', before.problem === undefined, after.problem === undefined);
  cluster('clusterId', before.clusterId, after.clusterId);
  if (after.problem !== undefined) return changes;
  changes.push(...brokerChanges(before.brokers, after.brokers));
  if (before.topics !== after.topics) changes.push(...topicChanges(before.topics, after.topics));
  changes.push(...groupChanges(before.groups, after.groups));
  changes.push(...ruleChanges('acl', before.acls?.map(aclText), after.acls?.map(aclText)));
  changes.push(...quotaChanges(before, after));
  return changes;
}

function brokerChanges(before: readonly ObservedBroker[], after: readonly ObservedBroker[]): ObservedChange[] {
  const last = new Map(before.map((broker) => [broker.nodeId, broker]));
  const changes: ObservedChange[] = [];
  for (const broker of after) {
    const name = String(broker.nodeId);
    const known = last.get(broker.nodeId);
    last.delete(broker.nodeId);
    if (known === undefined) {
      changes.push({ kind: 'broker', name, what: 'appeared', to: `${broker.host}:${broker.port}` });
      continue;
    }
    const changed = (field: string, from: unknown, to: unknown): void => {
      if (!isDeepStrictEqual(from, to)) changes.push({ kind: 'broker', name, what: 'changed', field, from, to });
    };
    changed('address', `${known.host}:${known.port}`, `${broker.host}:${broker.port}`);
    changed('rack', known.rack, broker.rack);
    changed('answers', known.problem === undefined, broker.problem === undefined);
    if (known.configs !== undefined) changes.push(...settingChanges('broker', name, known.configs, broker.configs));
  }
  for (const [nodeId, { host, port }] of last) {
    changes.push({ kind: 'broker', name: String(nodeId), what: 'gone', from: `${host}:${port}` });
  }
  return changes;
}

function topicChanges(
  before: ReadonlyMap<string, ObservedTopic>,
  after: ReadonlyMap<string, ObservedTopic>,
): ObservedChange[] {
  const changes: ObservedChange[] = [];
  for (const [name, topic] of after) {
    const known = before.get(name);
    if (known === undefined || known.topicId !== topic.topicId) {
      const { partitions } = topic;
      const to = { partitions: partitions.length, replicas: partitions[0]?.replicas.length ?? 0 };
      if (known !== undefined) changes.push({ kind: 'topic', name, what: 'gone', from: { topicId: known.topicId } });
      changes.push({ kind: 'topic', name, what: 'appeared', to });
    } else {
      if (known.partitions !== topic.partitions) changes.push(...partitionChanges(known, topic));
      changes.push(...settingChanges('topic', name, known.configs, topic.configs));
    }
  }
  for (const [name, { partitions }] of before) {
    if (!after.has(name)) changes.push({ kind: 'topic', name, what: 'gone', from: { partitions: partitions.length } });
  }
  return changes;
}

function partitionChanges(before: ObservedTopic, after: ObservedTopic): ObservedChange[] {
  const changes: ObservedChange[] = [];
  const changed = (field: string, from: unknown, to: unknown): void => {
    if (from !== to) changes.push({ kind: 'topic', name: after.name, what: 'changed', field, from, to });
  };
  changed('partitions', before.partitions.length, after.partitions.length);
  changed('underReplicated', missing(before), missing(after));
  changed('offline', leaderless(before), leaderless(after));
  const from: Record<string, readonly number[]> = {};
  const to: Record<string, readonly number[]> = {};
  let moved = 0;
  for (const { partition, replicas } of after.partitions) {
    const known = before.partitions[partition];
    if (known === undefined || isSameList(known.replicas, replicas)) continue;
    moved++;
    if (moved > movesMax) continue;
    from[partition] = known.replicas;
    to[partition] = replicas;
  }
  if (moved > 0) changed('assignment', from, to);
  return changes;
}

/** Partitions that have fewer replicas in sync than they have replicas. */
export function missing({ partitions }: Pick<ObservedTopic, 'partitions'>): number {
  let count = 0;
  for (const { replicas, inSyncReplicas } of partitions) if (inSyncReplicas.length < replicas.length) count++;
  return count;
}

/** Partitions without a leader. */
export function leaderless({ partitions }: Pick<ObservedTopic, 'partitions'>): number {
  let count = 0;
  for (const { leader } of partitions) if (leader < 0) count++;
  return count;
}

function settingChanges(
  kind: 'topic' | 'broker',
  name: string,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>> | undefined,
): ObservedChange[] {
  if (after === undefined || before === after) return [];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => before[key] !== after[key])
    .map((key) => {
      return {
        kind,
        name,
        what: 'changed',
        field: `configs.${key}`,
        from: before[key] ?? null,
        to: after[key] ?? null,
      };
    });
}

function groupChanges(
  before: ReadonlyMap<string, ObservedGroup>,
  after: ReadonlyMap<string, ObservedGroup>,
): ObservedChange[] {
  const changes: ObservedChange[] = [];
  for (const [name, group] of after) {
    const known = before.get(name);
    if (known === undefined) changes.push({ kind: 'group', name, what: 'appeared', to: { state: group.state } });
    else if (known.members.length !== group.members.length) {
      const [from, to] = [known.members.length, group.members.length];
      changes.push({ kind: 'group', name, what: 'changed', field: 'members', from, to });
    }
  }
  for (const name of before.keys()) if (!after.has(name)) changes.push({ kind: 'group', name, what: 'gone' });
  return changes;
}

function aclText(acl: NonNullable<ObservedCluster['acls']>[number]): string {
  const { principal, host, operation, permission, resourceType, resourceName, patternType } = acl;
  return [resourceType, patternType, resourceName, principal, host, operation, permission].join(' ');
}

/** Where it was not told before nothing is known to have changed. */
function ruleChanges(
  kind: 'acl' | 'quota',
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): ObservedChange[] {
  if (before === undefined || after === undefined) return [];
  const [old, young] = [new Set(before), new Set(after)];
  const appeared = [...young].filter((name) => !old.has(name));
  const gone = [...old].filter((name) => !young.has(name));
  return [
    ...appeared.map((name): ObservedChange => ({ kind, name, what: 'appeared' })),
    ...gone.map((name): ObservedChange => ({ kind, name, what: 'gone' })),
  ];
}

function quotaChanges({ quotas: before }: ObservedCluster, { quotas: after }: ObservedCluster): ObservedChange[] {
  if (before === undefined || after === undefined || before === after) return [];
  const byName = (entries: typeof before): Map<string, unknown> =>
    new Map(entries.map(({ entity, quotas }) => [entityText(entity), quotas]));
  const [old, young] = [byName(before), byName(after)];
  const changed = [...young].filter(([name, to]) => old.has(name) && !isDeepStrictEqual(old.get(name), to));
  return [
    ...ruleChanges('quota', [...old.keys()], [...young.keys()]),
    ...changed.map(([name, to]): ObservedChange => {
      return { kind: 'quota', name, what: 'changed', field: 'limits', from: old.get(name), to };
    }),
  ];
}

function entityText(entity: NonNullable<ObservedCluster['quotas']>[number]['entity']): string {
  const parts = Object.entries(entity).map(([type, name]) => `${type}=${name ?? '<default>'}`);
  return parts.sort().join(' ');
}
