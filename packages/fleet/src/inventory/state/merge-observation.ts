/**
 * What was known of a cluster and what a look at it brought, put together. Where a broker was silent, what it said
 * before stays. Pure.
 */
import type { ObservedBroker, ObservedCluster, ObservedTopic } from '../inventory.ts';
import type { ClusterShape, Observation } from '../observe/observation.ts';
import { consumedTopics, mergeGroups } from './groups.ts';
import type { KnownCluster, RateBase } from './known-cluster.ts';
import { mergeProducers } from './producers.ts';

/** Rates over less than this are noise. */
const rateMsMin = 1_000;
const nothing: Readonly<Record<string, string>> = {};

/** `bootstrap`: the addresses that were declared when it was looked. */
export function mergeObservation(known: KnownCluster, seen: Observation, bootstrap?: string): KnownCluster {
  const { observed: before } = known;
  const { shape, wallAt, access } = seen;
  const base = known.base;
  const elapsedMs = base === undefined ? 0 : seen.at - base.at;
  const leaderBytes = new Map<string, number>();
  const endOffsets = new Map<string, readonly number[]>();
  const consumed = consumedTopics(before.groups, seen.groups);
  const topics = new Map<string, ObservedTopic>();
  for (const name of shape.topics.keys()) {
    const topic = mergeTopic(
      name,
      known,
      seen,
      elapsedMs >= rateMsMin ? base : undefined,
      elapsedMs,
      consumed.has(name),
    );
    topics.set(name, topic);
    if (topic.endOffsets !== undefined) endOffsets.set(name, topic.endOffsets);
    const bytes = leaderBytesOf(name, known, seen);
    if (bytes !== undefined) leaderBytes.set(name, bytes);
  }
  const observed: ObservedCluster = {
    name: before.name,
    observedAt: new Date(wallAt),
    stale: false,
    bootstrap,
    clusterId: shape.clusterId,
    controllerId: shape.controllerId,
    brokers: mergeBrokers(known, seen),
    topics,
    groups: mergeGroups(before.groups, seen, topics),
    acls: access === undefined ? before.acls : access.acls,
    quotas: access === undefined ? before.quotas : access.quotas,
    producers: mergeProducers(before.producers, seen, topics),
  };
  const isNewBase = base === undefined || elapsedMs >= rateMsMin;
  return { observed, shape, base: isNewBase ? { at: seen.at, endOffsets, leaderBytes } : base, leaderBytes };
}

function mergeTopic(
  name: string,
  known: KnownCluster,
  seen: Observation,
  base: RateBase | undefined,
  elapsedMs: number,
  isConsumed: boolean,
): ObservedTopic {
  const shape = seen.shape.topics.get(name);
  if (shape === undefined) throw new RangeError(`topic ${name} is not in the shape it came from`);
  const last = known.observed.topics.get(name);
  const before = last?.topicId === shape.topicId ? last : undefined;
  const endOffsets = mergeOffsets(seen.endOffsets.get(name) ?? [], before?.endOffsets);
  const leaderBytes = leaderBytesOf(name, known, seen);
  const bytes = isSizeKnown(name, seen) ? (seen.sizes.topics.get(name)?.stored ?? 0) : before?.storedBytes;
  const grown = before === undefined ? 0 : growth(before.endOffsets, endOffsets);
  const perSecond = (amount: number): number => (amount * 1000) / elapsedMs;
  const baseOffsets = before === undefined ? undefined : base?.endOffsets.get(name);
  const baseBytes = base?.leaderBytes.get(name);
  return {
    ...shape,
    configs: mergeSettings(seen.configs.get(name), before?.configs) ?? nothing,
    storedBytes: bytes,
    recordsPerSecond: baseOffsets === undefined ? before?.recordsPerSecond : perSecond(growth(baseOffsets, endOffsets)),
    bytesPerSecond:
      baseBytes === undefined || leaderBytes === undefined || baseOffsets === undefined
        ? before?.bytesPerSecond
        : perSecond(Math.max(0, leaderBytes - baseBytes)),
    endOffsets,
    seenSince: before?.seenSince ?? seen.wallAt,
    trafficAt: grown > 0 ? seen.wallAt : before?.trafficAt,
    newestRecordAt: seen.newestRecords.get(name) ?? before?.newestRecordAt,
    consumedAt: isConsumed ? seen.wallAt : before?.consumedAt,
  };
}

/** Those that are as before stay the object they were. */
function mergeSettings(
  now: Readonly<Record<string, string>> | undefined,
  before: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (now === undefined || before === undefined) return now ?? before;
  const keys = Object.keys(now);
  const isSame = keys.length === Object.keys(before).length && keys.every((key) => now[key] === before[key]);
  return isSame ? before : now;
}

/** What was not told now is as before. */
function mergeOffsets(now: readonly number[], before: readonly number[] | undefined): readonly number[] {
  if (before === undefined || !now.includes(-1)) return now;
  return now.map((offset, partition) => (offset >= 0 ? offset : (before[partition] ?? -1)));
}

/** By how much offsets have grown, over partitions of which both are known. New partitions began at 0. */
export function growth(before: readonly number[] | undefined, now: readonly number[]): number {
  if (before === undefined) return 0;
  let sum = 0;
  for (let partition = 0; partition < now.length; partition++) {
    const from = partition < before.length ? (before[partition] as number) : 0;
    const to = now[partition] as number;
    if (from >= 0 && to > from) sum += to - from;
  }
  return sum;
}

/** Whether all brokers with replicas of the topic told what they hold. */
function isSizeKnown(name: string, { shape, sizes, problems }: Observation): boolean {
  if (sizes.brokers.size === 0) return false;
  if (sizes.brokers.size === shape.brokers.length && problems.size === 0) return true;
  const partitions = shape.topics.get(name)?.partitions ?? [];
  return partitions.every(({ replicas }) => replicas.every((nodeId) => sizes.brokers.has(nodeId)));
}

function leaderBytesOf(name: string, known: KnownCluster, seen: Observation): number | undefined {
  return isSizeKnown(name, seen) ? (seen.sizes.topics.get(name)?.leaders ?? 0) : known.leaderBytes.get(name);
}

function mergeBrokers(known: KnownCluster, seen: Observation): readonly ObservedBroker[] {
  const before = new Map(known.observed.brokers.map((broker) => [broker.nodeId, broker]));
  const counts = seen.shape.topics === known.shape?.topics ? undefined : countReplicas(seen.shape);
  return seen.shape.brokers.map((node) => {
    const last = before.get(node.nodeId);
    const disk = seen.sizes.brokers.get(node.nodeId);
    return {
      ...node,
      logBytes: disk === undefined ? last?.logBytes : disk.logBytes,
      diskTotalBytes: disk === undefined ? last?.diskTotalBytes : disk.totalBytes,
      diskUsableBytes: disk === undefined ? last?.diskUsableBytes : disk.usableBytes,
      replicas: counts === undefined ? (last?.replicas ?? 0) : (counts.get(node.nodeId)?.replicas ?? 0),
      leads: counts === undefined ? (last?.leads ?? 0) : (counts.get(node.nodeId)?.leads ?? 0),
      configs: mergeSettings(seen.brokerConfigs.get(node.nodeId), last?.configs),
      problem: seen.problems.get(node.nodeId),
    };
  });
}

function countReplicas({ topics }: ClusterShape): Map<number, { replicas: number; leads: number }> {
  const counts = new Map<number, { replicas: number; leads: number }>();
  const of = (nodeId: number): { replicas: number; leads: number } => {
    const count = counts.get(nodeId) ?? { replicas: 0, leads: 0 };
    counts.set(nodeId, count);
    return count;
  };
  for (const { partitions } of topics.values()) {
    for (const { leader, replicas } of partitions) {
      if (leader >= 0) of(leader).leads++;
      for (const nodeId of replicas) of(nodeId).replicas++;
    }
  }
  return counts;
}
