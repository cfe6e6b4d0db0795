/** What admins of foreign clients find in partitions, and delete from them. */
import { type Driver, outcomeOf, valuesOf } from '../drivers/driver.ts';
import { kafkajs, kafkajsAdmin } from '../drivers/kafkajs.ts';
import { platformatic, platformaticAdmin } from '../drivers/platformatic.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const messages = ['0', '1', '2', '3', '4'].map((value) => ({ value }));

export const foreignRecords: readonly Behaviour[] = [
  {
    name: 'a foreign admin finds the ends of partitions and the first record of a time',
    apis: ['ListOffsets', 'Metadata'],
    shows: { ends: ['0 0 5', '1 0 0'], between: [5, 0], future: [10, 0] },
    by: {
      async kafkajs(place, scope) {
        const admin = await kafkajsAdmin(place, scope);
        return finds(kafkajs, place, scope, {
          async ends(topic) {
            const found = await admin.fetchTopicOffsets(topic);
            return found.map(({ partition, low, high }) => `${partition} ${low} ${high}`).sort();
          },
          // It answers the end where no record is as late.
          async at(topic, timestamp) {
            const found = await admin.fetchTopicOffsetsByTimestamp(topic, timestamp);
            return found.sort((left, right) => left.partition - right.partition).map(({ offset }) => Number(offset));
          },
        });
      },
      async '@platformatic/kafka'(place, scope) {
        const admin = platformaticAdmin(place, scope);
        const listed = async (topic: string, timestamp: bigint): Promise<number[]> => {
          const partitions = [0, 1].map((partitionIndex) => ({ partitionIndex, timestamp }));
          const found = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
          return found
            .flatMap((each) => each.partitions)
            .sort((left, right) => left.partitionIndex - right.partitionIndex)
            .map(({ offset }) => Number(offset));
        };
        return finds(platformatic, place, scope, {
          async ends(topic) {
            const [low, high] = [await listed(topic, -2n), await listed(topic, -1n)];
            return low.map((offset, partition) => `${partition} ${offset} ${high[partition]}`);
          },
          // It answers -1 where no record is as late.
          async at(topic, timestamp) {
            const [found, ends] = [await listed(topic, BigInt(timestamp)), await listed(topic, -1n)];
            return found.map((offset, partition) => (offset === -1 ? (ends[partition] ?? -1) : offset));
          },
        });
      },
    },
  },
  {
    name: 'a foreign admin deletes records up to an offset, and none beyond the end',
    apis: ['DeleteRecords', 'ListOffsets', 'Fetch'],
    shows: { beyond: 'OFFSET_OUT_OF_RANGE', low: 3, left: ['3', '4'] },
    by: {
      async kafkajs(place, scope) {
        const admin = await kafkajsAdmin(place, scope);
        return deletes(kafkajs, place, scope, async (topic, offset) => {
          // Without it, it knows no leader of the topic.
          await admin.fetchTopicOffsets(topic);
          await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: `${offset}` }] });
          return Number((await admin.fetchTopicOffsets(topic))[0]?.low);
        });
      },
      async '@platformatic/kafka'(place, scope) {
        const admin = platformaticAdmin(place, scope);
        return deletes(platformatic, place, scope, async (topic, offset) => {
          const partitions = [{ partition: 0, offset: BigInt(offset) }];
          const [deleted] = await admin.deleteRecords({ topics: [{ name: topic, partitions }] });
          return Number(deleted?.partitions[0]?.lowWatermark);
        });
      },
    },
  },
];

interface Finder {
  /** Partition, first offset and end of each. */
  ends(topic: string): Promise<string[]>;
  /** Of each partition, the first offset at or after a time, or its end. */
  at(topic: string, timestamp: number): Promise<number[]>;
}

async function finds(driver: Driver, place: Place, scope: Scope, finder: Finder) {
  const topic = await scope.createTopic({ partitions: 2 });
  const produce = (): Promise<void> => driver.produce(place, scope, { topic, messages });
  await produce();
  const ends = await finder.ends(topic);
  const early = Date.now();
  const timestamp = await settled(
    () => Date.now(),
    (now) => now > early,
  );
  await produce();
  return {
    ends,
    between: await finder.at(topic, timestamp),
    future: await finder.at(topic, Date.now() + 3_600_000),
  };
}

/** `deleteTo` answers the first offset that is left. */
async function deletes(
  driver: Driver,
  place: Place,
  scope: Scope,
  deleteTo: (topic: string, offset: number) => Promise<number>,
) {
  const topic = await scope.createTopic();
  await driver.produce(place, scope, { topic, messages });
  const beyond = await outcomeOf(driver, () => deleteTo(topic, 9));
  const low = await deleteTo(topic, 3);
  return { beyond, low, left: valuesOf(await driver.read(place, scope, { topic, count: 2 })) };
}
