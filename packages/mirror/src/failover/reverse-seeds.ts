/**
 * Where each partition goes on when a mirror is failed back, on both sides. As a rule behind what was copied: there the
 * map of the mirror that was failed over, turned round, ends. Where the source has lost records that were copied, those
 * come back first. A partition that is rebuilt begins anew with all that the target holds.
 */
import { assert } from '@millrace/base';
import { boundOf } from '../copy/log-scan.ts';
import { isAnotherTopic } from '../copy/topic-identity.ts';
import type { SyncedPartition } from '../groups/group-sync.ts';
import { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { FailoverError } from './failover-errors.ts';
import type { Tail, TopicFailover } from './failover-record.ts';
import type { MirrorEnds } from './mirror-ends.ts';
import { endsOf } from './open-transactions.ts';
import type { SeededPartition } from './seed-reverse.ts';

/** Rejects with `FailoverError` when the source has other topics than then and they are not to be rebuilt. */
export async function reverseSeeds(
  ends: MirrorEnds,
  due: readonly TopicFailover[],
  isToRebuild: boolean,
): Promise<SeededPartition[]> {
  const { source, target, journal, bounds } = ends;
  const [there, here] = await Promise.all(
    [source, target].map(async ({ admin }) => {
      const listed = await admin.listTopics({ ...bounds, internal: true });
      return new Map(listed.map(({ topic, topicId }) => [topic, topicId]));
    }),
  );
  const maps = await ends.maps(
    due.map(({ points, ...names }) => ({ ...names, partitions: points.map(({ partition }) => partition) })),
  );
  const chunksOf = await journal.readAll();
  const isSame = ({ topic, partition }: SyncedPartition): boolean => {
    const now = there?.get(topic);
    return now !== undefined && !isAnotherTopic(chunksOf({ topic, partition }).at(-1)?.topicId ?? now, now);
  };
  const other = maps.find((each) => !isSame(each));
  if (other !== undefined && !isToRebuild) {
    const message = `the source has no topic ${other.topic} any more, or another one of that name`;
    const next = 'have it rebuilt, or go back with the other topics alone';
    throw new FailoverError('failback_not_failed_over', `${message}: ${next}`);
  }
  const listed = maps.filter(({ topic }) => there?.has(topic));
  const found = await endsOf(source.cluster, listed, 0, bounds);
  const seeds: SeededPartition[] = [];
  for (const each of maps) {
    const point = due.find(({ topic }) => topic === each.topic)?.points.find((at) => at.partition === each.partition);
    assert(point !== undefined, 'a partition is failed back that was not failed over');
    const at = listed.indexOf(each);
    const end = at < 0 ? 0 : (found[at] ?? 0);
    const place = {
      ...each.target,
      isSame: isSame(each),
      original: each.topic,
      topicId: here?.get(each.target.topic) ?? '',
    };
    if (!isSame(each) || (isToRebuild && end > each.confirmed.source)) {
      seeds.push({ ...place, ...(await rebuilt(ends, each, isSame(each), end)) });
    } else seeds.push({ ...place, ...continued(each, end) });
  }
  return seeds;
}

type Course = Pick<SeededPartition, 'map' | 'begin' | 'to' | 'tail' | 'doomed'>;

function continued({ partition, map, confirmed }: SyncedPartition, end: number): Course {
  const from = Math.min(confirmed.source, end);
  const tail = { partition, from, to: end };
  // What the source has lost lies on the target yet.
  const begin = from < confirmed.source ? (map.nextTarget(from) ?? confirmed.target) : confirmed.target;
  return { map: mapBefore(map, from), begin, to: end, tail, doomed: undefined };
}

async function rebuilt(
  { source, target, bounds }: MirrorEnds,
  { topic, partition, target: place, map, confirmed }: SyncedPartition,
  isSame: boolean,
  end: number,
): Promise<Course> {
  const begin = await boundOf(target.cluster, place, 'earliest', bounds);
  const start = end === 0 ? 0 : await boundOf(source.cluster, { topic, partition }, 'earliest', bounds);
  // What lies before the oldest copy is on the source alone, as is what lies behind the newest.
  const copied = isSame ? (map.nextSource(begin) ?? confirmed.source) : end;
  const ranges: readonly Tail[] = [
    { partition, from: start, to: copied },
    { partition, from: Math.max(start, isSame ? confirmed.source : end), to: end },
  ];
  const doomed = ranges.filter(({ from, to }) => to > from);
  return { map: new PartitionOffsetMap(), begin, to: end, tail: { partition, from: end, to: end }, doomed };
}

function mapBefore(map: PartitionOffsetMap, end: number): PartitionOffsetMap {
  const kept = new PartitionOffsetMap();
  for (const { source, target, count } of map) {
    const known = Math.min(count, end - source);
    if (known > 0) kept.append({ source, target, count: known });
  }
  return kept;
}
