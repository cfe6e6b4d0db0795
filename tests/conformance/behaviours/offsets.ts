/** Where reading begins, and what becomes of readers whose place is gone. */
import { type OffsetQuery, unwrap } from '@millrace/client';
import { by, outcomeOf, valuesOf } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { kafkajsAt } from '../drivers/kafkajs.ts';
import { kcat, runKcat } from '../drivers/kcat.ts';
import { millrace } from '../drivers/millrace.ts';
import type { Behaviour, Try } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

/** Drivers whose members begin anew where their group's place is gone; @platformatic/kafka's end with the error. */
const beginningAnew = drivers.filter(({ client }) => client !== '@platformatic/kafka');

export const offsets: readonly Behaviour[] = [
  {
    name: 'reading begins at an offset, so many records before the end, or at a time',
    apis: ['ListOffsets', 'Fetch'],
    shows: { offset: 'early 7', last: 'late 4', timestamp: 'late 0' },
    by: by(drivers, async (driver, place, scope) => {
      const topic = await scope.createTopic();
      const timestamp = await earlyAndLate(place, scope, topic);
      const first = async (from: { offset: number } | { last: number } | { timestamp: number }) =>
        valuesOf(await driver.read(place, scope, { topic, from, count: 1 }))[0];
      return {
        offset: await first({ offset: 7 }),
        last: await first({ last: 1 }),
        timestamp: await first({ timestamp }),
      };
    }),
  },
  {
    name: 'an offset is found by the time of the first record at or after it',
    apis: ['ListOffsets'],
    shows: 10,
    by: {
      millrace: finding(async (_place, scope, topic, timestamp) => {
        const [found] = unwrap(await scope.admin.listOffsets([{ topic, partition: 0, at: { timestamp } }]));
        return found?.offset;
      }),
      kcat: finding(async (place, _scope, topic, timestamp) => {
        const written = await runKcat(place, {}, ['-Q', '-t', `${topic}:0:${timestamp}`]);
        return Number(/offset (\d+)/.exec(written)?.[1]);
      }),
      kafkajs: finding(async (place, scope, topic, timestamp) => {
        const admin = kafkajsAt(place).admin();
        scope.defer(() => admin.disconnect());
        await admin.connect();
        return Number((await admin.fetchTopicOffsetsByTimestamp(topic, timestamp))[0]?.offset);
      }),
    },
  },
  {
    name: 'a group whose place was deleted goes on with the first record that is left',
    apis: ['DeleteRecords', 'OffsetCommit', 'OffsetFetch', 'Fetch'],
    shows: ['value 5', 'value 6', 'value 7', 'value 8', 'value 9'],
    by: by(beginningAnew, async (driver, place, scope) => {
      const topic = await halfDeleted(place, scope);
      const group = scope.name('group');
      unwrap(await scope.admin.commitOffsets(group, [{ topic, partition: 0, offset: 2 }]));
      return valuesOf(await driver.readInGroup(place, scope, { topic, group, count: 5 }));
    }),
  },
  {
    name: 'a reader without another place to begin is told that its own is gone',
    apis: ['DeleteRecords', 'Fetch'],
    shows: { deleted: 'OFFSET_OUT_OF_RANGE', beyond: 'OFFSET_OUT_OF_RANGE' },
    by: {
      millrace: gone(millrace, async (_place, scope, topic, offset) => {
        const consumer = scope.connect().consumer({ assign: [{ topic, partition: 0, offset }], from: 'none' });
        for await (const _batch of consumer) break;
      }),
      kcat: gone(kcat, (place, _scope, topic, offset) => {
        const words = ['-C', '-t', topic, '-p', '0', '-o', `${offset}`, '-c', '1'];
        return runKcat(place, {}, [...words, '-X', 'auto.offset.reset=error']);
      }),
    },
  },
  {
    name: 'the ends of a partition follow what is written and deleted',
    apis: ['ListOffsets', 'DeleteRecords'],
    shows: { earliest: 5, latest: 10 },
    by: {
      async millrace(place, scope) {
        const topic = await halfDeleted(place, scope);
        const end = async (at: OffsetQuery) =>
          unwrap(await scope.admin.listOffsets([{ topic, partition: 0, at }]))[0]?.offset;
        return { earliest: await end('earliest'), latest: await end('latest') };
      },
      async kafkajs(place, scope) {
        const topic = await halfDeleted(place, scope);
        const admin = kafkajsAt(place).admin();
        scope.defer(() => admin.disconnect());
        await admin.connect();
        const [partition] = await admin.fetchTopicOffsets(topic);
        return { earliest: Number(partition?.low), latest: Number(partition?.high) };
      },
    },
  },
];

/** Ten records, five of them later; answers a time between. */
async function earlyAndLate(place: Place, scope: Scope, topic: string): Promise<number> {
  const produce = (prefix: string, count: number): Promise<void> => {
    const messages = Array.from({ length: count }, (_, index) => ({ value: `${prefix} ${index}` }));
    return millrace.produce(place, scope, { topic, messages });
  };
  await produce('early', 10);
  const end = Date.now();
  const between = await settled(
    () => Date.now(),
    (now) => now > end,
  );
  await produce('late', 5);
  return between;
}

type Finding = (place: Place, scope: Scope, topic: string, timestamp: number) => Promise<number | undefined>;

function finding(find: Finding): Try {
  return async (place, scope) => {
    const topic = await scope.createTopic();
    return await find(place, scope, topic, await earlyAndLate(place, scope, topic));
  };
}

/** A topic of ten records, the first five of which were deleted. */
async function halfDeleted(place: Place, scope: Scope): Promise<string> {
  const topic = await scope.createTopic();
  const messages = Array.from({ length: 10 }, (_, index) => ({ value: `value ${index}` }));
  await millrace.produce(place, scope, { topic, messages });
  unwrap(await scope.admin.deleteRecords([{ topic, partition: 0, offset: 5 }]));
  return topic;
}

/** Reads what was deleted, and beyond the end. */
function gone(
  driver: Parameters<typeof outcomeOf>[0],
  readAt: (place: Place, scope: Scope, topic: string, offset: number) => Promise<unknown>,
): Try {
  return async (place, scope) => {
    const topic = await halfDeleted(place, scope);
    const outcome = (offset: number): Promise<string> => outcomeOf(driver, () => readAt(place, scope, topic, offset));
    return { deleted: await outcome(2), beyond: await outcome(100) };
  };
}
