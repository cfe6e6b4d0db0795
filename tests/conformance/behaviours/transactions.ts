/** Transactions as producers and readers see them. */
import { by, type Driver, type Member, outcomeOf, type TransactionalProducer, valuesOf } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { millrace } from '../drivers/millrace.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const transactional = drivers.filter((driver) => driver.transactional !== undefined);
/** For a client that has none, and reads those of another. */
const ours: NonNullable<Driver['transact']> = async (place, scope, options) => {
  await millrace.transact?.(place, scope, options);
};
const inBoth = (value: string) => [0, 1].map((partition) => ({ value: `${value}${partition}`, partition }));

export const transactions: readonly Behaviour[] = [
  {
    name: 'what transactions committed is read, what they aborted only by who reads uncommitted records',
    apis: ['InitProducerId', 'AddPartitionsToTxn', 'EndTxn', 'Produce', 'Fetch', 'ListOffsets'],
    shows: { committed: ['a0', 'c0', 'a1', 'c1'], uncommitted: ['a0', 'b0', 'c0', 'a1', 'b1', 'c1'] },
    by: by(drivers, async (driver, place, scope) => {
      const topic = await scope.createTopic({ partitions: 2 });
      const options = { topic, transactionalId: scope.name('transactional-id') };
      const transact = driver.transact ?? ours;
      for (const [value, outcome] of [
        ['a', 'commit'],
        ['b', 'abort'],
        ['c', 'commit'],
      ] as const) {
        await transact(place, scope, { ...options, messages: inBoth(value), outcome });
      }
      const committed = await driver.read(place, scope, { topic, isolation: 'read_committed', count: 4 });
      const uncommitted = await driver.read(place, scope, { topic, isolation: 'read_uncommitted', count: 6 });
      return { committed: valuesOf(committed), uncommitted: valuesOf(uncommitted) };
    }),
  },
  {
    name: 'an open transaction holds back what comes after it, until it is committed',
    apis: ['AddPartitionsToTxn', 'EndTxn', 'Fetch'],
    shows: { committed: ['a', 'elsewhere'], uncommitted: ['a', 'open', 'behind', 'elsewhere'], afterwards: 4 },
    by: by(drivers, async (driver, place, scope) => {
      const topic = await scope.createTopic({ partitions: 2 });
      const read = (isolation: 'read_committed' | 'read_uncommitted', count: number) =>
        driver.read(place, scope, { topic, isolation, count });
      const produce = (value: string, partition: number): Promise<void> =>
        driver.produce(place, scope, { topic, messages: [{ value, partition }] });
      await produce('a', 0);
      const transaction = await (await producerOf(driver, place, scope)).begin();
      await transaction.send(topic, [{ value: 'open' }]);
      await produce('behind', 0);
      await produce('elsewhere', 1);
      const committed = valuesOf(await read('read_committed', 2));
      const uncommitted = valuesOf(await read('read_uncommitted', 4));
      await transaction.commit();
      return { committed, uncommitted, afterwards: (await read('read_committed', 4)).length };
    }),
  },
  {
    name: 'a producer is fenced by the next one with its transactional id, and leaves nothing',
    apis: ['InitProducerId', 'AddPartitionsToTxn', 'Produce', 'EndTxn'],
    shows: { late: 'fenced', commit: 'refused', read: ['kept0', 'more0', 'kept1', 'more1'] },
    by: by(transactional, async (driver, place, scope) => {
      const topic = await scope.createTopic({ partitions: 2 });
      const transact = async (producer: TransactionalProducer, value: string): Promise<void> => {
        const transaction = await producer.begin();
        await transaction.send(topic, inBoth(value));
        await transaction.commit();
      };
      const abandoned = await (await producerOf(driver, place, scope)).begin();
      await abandoned.send(topic, [{ value: 'abandoned' }]);
      const successor = await producerOf(driver, place, scope);
      await transact(successor, 'kept');
      const late = await outcomeOf(driver, () => abandoned.send(topic, [{ value: 'late' }]));
      const commit = await outcomeOf(driver, () => abandoned.commit());
      await transact(successor, 'more');
      const read = await driver.read(place, scope, { topic, isolation: 'read_committed', count: 4 });
      return {
        late: ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'].includes(late) ? 'fenced' : late,
        commit: commit === 'done' ? commit : 'refused',
        read: valuesOf(read),
      };
    }),
  },
  {
    name: 'records and offsets of a consume-transform-produce loop count together',
    apis: ['AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn', 'Fetch'],
    shows: { transformed: Array.from({ length: 10 }, (_, index) => `${index}!`), committed: [10] },
    by: by(transactional, async (driver, place, scope) => {
      const [topic, target] = [await scope.createTopic(), await scope.createTopic({ topic: scope.name('target') })];
      const group = scope.name('group');
      const messages = Array.from({ length: 10 }, (_, index) => ({ value: `${index}` }));
      await driver.produce(place, scope, { topic, messages });
      const producer = await producerOf(driver, place, scope);
      const member: Member = await driver.join(place, scope, {
        topic,
        group,
        isolation: 'read_committed',
        commit: 'never',
        async handle(message) {
          // Every fifth is aborted once.
          for (const outcome of message.offset % 5 === 0 ? (['abort', 'commit'] as const) : (['commit'] as const)) {
            const transaction = await producer.begin();
            await transaction.send(target, [{ value: `${message.value}!` }]);
            await transaction.sendOffset(member, message);
            await transaction[outcome]();
          }
        },
      });
      await member.wait(messages.length);
      await member.leave();
      // Of two aborted transactions of a producer in one fetch, @platformatic/kafka remembers the second.
      const reader = driver.client === '@platformatic/kafka' ? millrace : driver;
      const transformed = await reader.read(place, scope, { topic: target, isolation: 'read_committed', count: 10 });
      return { transformed: valuesOf(transformed), committed: await committedBy(scope, group, 10) };
    }),
  },
  {
    name: 'offsets of an aborted transaction are not those of the group',
    apis: ['AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn', 'OffsetFetch'],
    shows: { aborted: [], readAgain: ['a'] },
    by: by(transactional, async (driver, place, scope) => {
      const topic = await scope.createTopic();
      const options = { topic, group: scope.name('group') };
      await driver.produce(place, scope, { topic, messages: [{ value: 'a' }] });
      const member = await driver.join(place, scope, { ...options, commit: 'never' });
      const [message] = await member.wait(1);
      if (message === undefined) throw new Error('no message came');
      const transaction = await (await producerOf(driver, place, scope)).begin();
      await transaction.sendOffset(member, message);
      await transaction.abort();
      await member.leave();
      const aborted = await committedBy(scope, options.group, undefined);
      const again = await driver.readInGroup(place, scope, { ...options, count: 1 });
      return { aborted, readAgain: valuesOf(again) };
    }),
  },
];

/** Our own producer, for a client that has none that stays. */
async function producerOf(driver: Driver, place: Place, scope: Scope): Promise<TransactionalProducer> {
  const make = driver.transactional ?? millrace.transactional;
  if (make === undefined) throw new Error('no client makes transactions');
  return await make(place, scope, { transactionalId: scope.name('transactional-id') });
}

/** The group's offsets, once the first is the wanted one: a transaction's count when its markers are written. */
async function committedBy(scope: Scope, group: string, wanted: number | undefined): Promise<number[]> {
  return await settled(
    async () => {
      const committed = await scope.admin.fetchOffsets(group);
      return committed.map((each) => (each.error === undefined ? each.offset : -1));
    },
    ([first]) => first === wanted,
  );
}
