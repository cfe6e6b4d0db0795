/** Where a reset would move the offsets of a group: observed and worked out, nothing changed. */
import { ProblemError } from '@millrace/api';
import type { GroupReset, OffsetMove, OffsetTarget } from '@millrace/api/fleet';
import { type Admin, type AdminCallOptions, type TopicPartition, unwrap } from '@millrace/client';

/**
 * The moves by topic and partition. What is told as skipped or read again counts offsets, which is as many records at
 * most: compaction and the marks of transactions leave gaps.
 *
 * @throws ProblemError `conflict` for a group with members, `not_found` where there is nothing to move
 */
export async function offsetMoves(admin: Admin, reset: GroupReset, call: AdminCallOptions): Promise<OffsetMove[]> {
  await requireNoMembers(admin, reset, call);
  const committed = new Map<string, number>();
  for (const { topic, partition, offset } of unwrap(await admin.fetchOffsets(reset.group, undefined, call))) {
    if (offset >= 0) committed.set(keyOf(topic, partition), offset);
  }
  const partitions = await partitionsOf(admin, reset, [...committed.keys()].map(partitionOf), call);
  const at = (query: 'earliest' | 'latest' | { readonly timestamp: number }) =>
    offsetsAt(admin, partitions, query, call);
  const { to } = reset;
  const [starts, ends, times] = await Promise.all([
    at('earliest'),
    at('latest'),
    to.kind === 'time' ? at({ timestamp: Date.parse(to.time) }) : undefined,
  ]);
  return partitions.map(({ topic, partition }) => {
    const key = keyOf(topic, partition);
    const [start, end] = [starts.get(key) ?? 0, ends.get(key) ?? 0];
    const from = committed.get(key) ?? null;
    const wanted = offsetOf(to, { start, end, from: from ?? start, atTime: times?.get(key) ?? -1 });
    const target = Math.min(end, Math.max(start, wanted));
    // What is deleted already can be neither skipped nor read again.
    const before = from === null ? target : Math.max(start, from);
    return {
      topic,
      partition,
      from,
      to: target,
      skipped: Math.max(0, target - before),
      readAgain: Math.max(0, Math.min(before, end) - target),
    };
  });
}

/** @throws ProblemError `conflict`: the members of a group commit for themselves, over whatever was set. */
export async function requireNoMembers(
  admin: Admin,
  { cluster, group }: Pick<GroupReset, 'cluster' | 'group'>,
  call: AdminCallOptions,
): Promise<void> {
  const [described] = await admin.describeGroups([group], call);
  if (described === undefined || described.error !== undefined) {
    if (described?.error?.errorName === 'GROUP_ID_NOT_FOUND') return;
    throw described?.error;
  }
  const { state, members } = described;
  if (members.length === 0) return;
  const count = members.length === 1 ? '1 member' : `${members.length} members`;
  throw new ProblemError(
    'conflict',
    `the group ${group} on ${cluster} is ${state} with ${count}: its offsets can be moved only while it has none, so ` +
      'stop its consumers first',
  );
}

async function partitionsOf(
  admin: Admin,
  { cluster, group, topics }: GroupReset,
  committed: readonly TopicPartition[],
  call: AdminCallOptions,
): Promise<TopicPartition[]> {
  const names = [...new Set(topics?.map(({ topic }) => topic) ?? committed.map(({ topic }) => topic))];
  const described = await admin.describeTopics(names, call);
  const counts = new Map<string, number>();
  for (const result of described) {
    if (result.error === undefined) counts.set(result.topic, result.partitions.length);
    // Offsets of a topic that was deleted meanwhile lead nowhere.
    else if (result.error.errorName !== 'UNKNOWN_TOPIC_OR_PARTITION') throw result.error;
    else if (topics !== undefined)
      throw new ProblemError('not_found', `there is no topic ${result.topic} on ${cluster}`);
  }
  const wanted =
    topics?.flatMap(({ topic, partitions }) => {
      const all = Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => partition);
      const absent = partitions?.find((partition) => !all.includes(partition));
      if (absent === undefined) return (partitions ?? all).map((partition) => ({ topic, partition }));
      throw new ProblemError('not_found', `the topic ${topic} on ${cluster} has no partition ${absent}`);
    }) ?? committed.filter(({ topic, partition }) => partition < (counts.get(topic) ?? 0));
  if (wanted.length === 0) {
    throw new ProblemError(
      'not_found',
      `the group ${group} has no offsets on ${cluster}; name the topics to begin with`,
    );
  }
  const once = new Map(wanted.map((each) => [keyOf(each.topic, each.partition), each]));
  return [...once.values()].sort(
    (one, other) => (one.topic < other.topic ? -1 : one.topic > other.topic ? 1 : 0) || one.partition - other.partition,
  );
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  /** -1 when no record is that young. */
  readonly atTime: number;
}

function offsetOf(target: OffsetTarget, { start, end, from, atTime }: Place): number {
  switch (target.kind) {
    case 'earliest':
      return start;
    case 'latest':
      return end;
    case 'offset':
      return target.offset;
    case 'tail':
      return end - target.records;
    case 'shift':
      return from + target.by;
    case 'time':
      return atTime < 0 ? end : atTime;
  }
}

async function offsetsAt(
  admin: Admin,
  partitions: readonly TopicPartition[],
  at: 'earliest' | 'latest' | { readonly timestamp: number },
  call: AdminCallOptions,
): Promise<Map<string, number>> {
  const queries = partitions.map((partition) => ({ ...partition, at }));
  const found = unwrap(await admin.listOffsets(queries, call));
  return new Map(found.map(({ topic, partition, offset }) => [keyOf(topic, partition), offset]));
}

function keyOf(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}

function partitionOf(key: string): TopicPartition {
  const space = key.indexOf(' ');
  return { topic: key.slice(space + 1), partition: Number(key.slice(0, space)) };
}
