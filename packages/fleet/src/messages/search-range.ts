/** From and until where in each partition a search goes. */
import { ProblemError } from '@millrace/api';
import type { MessageSearch } from '@millrace/api/fleet';
import { type Admin, type OffsetQuery, type TopicPartition, unwrap } from '@millrace/client';

/** Offsets from `start` on, before `end`. */
export interface SearchRange {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

type Wish = Pick<MessageSearch, 'from' | 'until' | 'partitions' | 'startAt'>;
type Position = { readonly offset: number } | { readonly tail: number } | { readonly timestamp: number };

/**
 * Those with something to look at, partitions ascending; without a wish the newest records, up to `newest` of each
 * partition.
 *
 * @throws ProblemError `not_found` for topics and partitions that are not there
 */
export async function searchRanges(
  admin: Admin,
  topic: string,
  wish: Wish,
  options: { readonly newest: number; readonly signal: AbortSignal },
): Promise<SearchRange[]> {
  const { signal } = options;
  const partitions = await partitionsOf(admin, topic, wish, signal);
  const offsetsAt = (at: OffsetQuery): Promise<Map<number, number>> => offsets(admin, topic, partitions, at, signal);
  const [starts, ends] = await Promise.all([offsetsAt('earliest'), offsetsAt('latest')]);
  const resolve = async (position: Position): Promise<(partition: number) => number> => {
    if ('offset' in position) return () => position.offset;
    if ('tail' in position) return (partition) => (ends.get(partition) ?? 0) - position.tail;
    const found = await offsetsAt(position);
    // No record is that young.
    return (partition) => {
      const offset = found.get(partition) ?? -1;
      return offset < 0 ? (ends.get(partition) ?? 0) : offset;
    };
  };
  const given = wish.startAt && new Map(wish.startAt.map(({ partition, offset }) => [partition, offset]));
  const from = await resolve(positionOf(wish.from ?? `-${options.newest}`));
  const until = await resolve(positionOf(wish.until ?? 'latest'));
  return partitions.flatMap((partition): SearchRange[] => {
    const first = starts.get(partition) ?? 0;
    const end = Math.min(ends.get(partition) ?? 0, until(partition));
    const start = Math.max(first, given?.get(partition) ?? from(partition));
    return start < end ? [{ partition, start, end }] : [];
  });
}

async function partitionsOf(admin: Admin, topic: string, wish: Wish, signal: AbortSignal): Promise<number[]> {
  const [description] = await admin.describeTopics([topic], { signal });
  if (description === undefined || 'error' in description) {
    const error = description?.error;
    if (error !== undefined && error.errorName !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
    throw new ProblemError('not_found', `there is no topic ${topic} on this cluster`);
  }
  const there = description.partitions.map(({ partition }) => partition).sort((one, other) => one - other);
  const wanted = wish.startAt?.map(({ partition }) => partition) ?? wish.partitions;
  const missing = wanted?.find((partition) => !there.includes(partition));
  if (missing !== undefined) throw new ProblemError('not_found', `the topic ${topic} has no partition ${missing}`);
  return wanted === undefined ? there : there.filter((partition) => wanted.includes(partition));
}

async function offsets(
  admin: Admin,
  topic: string,
  partitions: readonly number[],
  at: OffsetQuery,
  signal: AbortSignal,
): Promise<Map<number, number>> {
  const queries = partitions.map((partition): TopicPartition & { at: OffsetQuery } => ({ topic, partition, at }));
  const found = unwrap(await admin.listOffsets(queries, { signal }));
  return new Map(found.map(({ partition, offset }) => [partition, offset]));
}

function positionOf(text: string): Position {
  if (text === 'earliest') return { offset: 0 };
  if (text === 'latest') return { tail: 0 };
  if (/^-?\d+$/.test(text)) {
    const number = Number(text);
    return text.startsWith('-') ? { tail: -number } : { offset: number };
  }
  const timestamp = Date.parse(text);
  if (Number.isNaN(timestamp)) throw new ProblemError('invalid_request', `${text} is no time that exists`);
  return { timestamp };
}
