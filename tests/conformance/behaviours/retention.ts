/** What a log loses with time, by retention and by compaction. */
import type { Behaviour } from '../matrix/behaviour.ts';
import { change, resourceTypes } from '../matrix/raw-configuration.ts';
import { errorName, type RawConnection, raw } from '../matrix/raw-connection.ts';
import { batchesIn, batchOf, type Fetched, fetchFrom, outcomeOfProduce, produceTo } from '../matrix/raw-records.ts';
import { settled } from '../matrix/settled.ts';

/** As small as Apache Kafka lets a segment be. */
const segmentBytes = 1_048_576;
const half = 'x'.repeat(segmentBytes / 2 - 2_000);

/** Waits until the log begins at an offset, or later. */
function shortened(leader: RawConnection, topic: string, start: number): Promise<Fetched> {
  return settled(
    () => fetchFrom(leader, topic, { offset: 5 }),
    ({ logStartOffset }) => logStartOffset >= start,
    30_000,
  );
}

const topicResource = (resourceName: string) => ({ resourceType: resourceTypes.topic, resourceName });

/** Keys and values by offset. */
function pairsIn(fetched: Fetched): string[] {
  const textOf = (bytes: Uint8Array | null): string => (bytes === null ? 'null' : Buffer.from(bytes).toString());
  return batchesIn(fetched)
    .flatMap((batch) => [...batch.records()])
    .map(({ offset, key, value }) => `${offset} ${textOf(key)}=${textOf(value).slice(0, 8)}`);
}

export const retention: readonly Behaviour[] = [
  {
    name: 'segments that are older than retention.ms go, and with them the offsets before the next',
    apis: ['Produce', 'Fetch'],
    shows: { start: 4, before: 'OFFSET_OUT_OF_RANGE', left: 2 },
    by: raw(async (cluster, scope) => {
      const configuration = { 'segment.bytes': `${segmentBytes}`, 'retention.ms': '-1' };
      const topic = await scope.createTopic({ configuration });
      const leader = await cluster.leader(topic);
      const old = Date.now() - 7_200_000;
      for (const timestamp of [old, old, old, old, Date.now(), Date.now()]) {
        await outcomeOfProduce(leader, topic, batchOf([{ value: half, timestamp }]));
      }
      await change(leader, topicResource(topic), [['set', 'retention.ms', '3600000']]);
      const { logStartOffset } = await shortened(leader, topic, 4);
      const rest = await fetchFrom(leader, topic, { offset: logStartOffset, partitionMaxBytes: 2 ** 22 });
      return {
        start: logStartOffset,
        before: errorName((await fetchFrom(leader, topic, { offset: 3 })).errorCode),
        left: batchesIn(rest).length,
      };
    }),
  },
  {
    name: 'segments beyond retention.bytes go, the oldest first',
    apis: ['Produce', 'Fetch'],
    shows: { start: 4, before: 'OFFSET_OUT_OF_RANGE' },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ configuration: { 'segment.bytes': `${segmentBytes}` } });
      const leader = await cluster.leader(topic);
      for (let count = 0; count < 8; count++) await outcomeOfProduce(leader, topic, batchOf([half]));
      await change(leader, topicResource(topic), [['set', 'retention.bytes', `${segmentBytes}`]]);
      const { logStartOffset } = await shortened(leader, topic, 4);
      return {
        start: logStartOffset,
        before: errorName((await fetchFrom(leader, topic, { offset: 0 })).errorCode),
      };
    }),
  },
  {
    name: 'of a compacted topic the last value of each key stays, at its offset',
    apis: ['Produce', 'Fetch'],
    shows: { left: ['2 a=second', '3 c=first', '4 b=null'] },
    by: raw(async (cluster, scope) => {
      const configuration = {
        'cleanup.policy': 'compact',
        'segment.bytes': `${segmentBytes}`,
        'min.cleanable.dirty.ratio': '0.01',
        'max.compaction.lag.ms': '1000',
      };
      const topic = await scope.createTopic({ configuration });
      const leader = await cluster.leader(topic);
      const write = (key: string, value: string | null) => produceTo(leader, topic, batchOf([{ key, value }]));
      await write('a', 'first');
      await write('b', 'first');
      await write('a', 'second');
      await write('c', 'first');
      await write('b', null);
      // These end the segment.
      for (const value of ['1', '2', '3']) await write('filler', `${value}${half}`);
      const { records } = await settled(
        () => fetchFrom(leader, topic, { partitionMaxBytes: 2 ** 22 }),
        (fetched) => pairsIn(fetched)[0] === '2 a=second',
        60_000,
      );
      const left = pairsIn({ records } as Fetched);
      return { left: left.filter((text) => !text.includes('filler')) };
    }),
  },
];
