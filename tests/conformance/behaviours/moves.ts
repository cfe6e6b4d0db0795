/** Brokers stop and return; leaders and coordinators move, and clients go on. */
import { eventually } from '../../support/eventually.ts';
import { by, type Driver } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { openReader, openSender } from '../drivers/long-lived.ts';
import { kafkaErrorIn, millrace } from '../drivers/millrace.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const profile = 'moves';
const recordsEach = 30;
const partitions = 3;

export const moves: readonly Behaviour[] = [
  {
    name: 'a producer and a member of a group go on while each broker stops and returns',
    apis: ['Produce', 'Fetch', 'Metadata', 'FindCoordinator'],
    profile,
    shows: 7 * recordsEach,
    by: by(drivers, (driver, place, scope) => roll(driver, place, scope, 'cleanly')),
  },
  {
    name: 'a producer and a member of a group go on while each broker dies and returns',
    apis: ['Produce', 'Fetch', 'Metadata', 'FindCoordinator'],
    profile,
    shows: 7 * recordsEach,
    by: {
      millrace: (place, scope) => roll(millrace, place, scope, 'at once'),
    },
  },
  {
    name: 'with too few replicas in sync acks=all is refused, and acks=1 is not',
    apis: ['Produce', 'CreateTopics'],
    profile,
    shows: { all: 'NOT_ENOUGH_REPLICAS', leader: 'done', inSync: 1 },
    by: {
      async millrace(place, scope) {
        const [leader = 0, follower = 0] = place.brokerIds;
        const configuration = { 'min.insync.replicas': '2' };
        const topic = await scope.createTopic({ assignment: [[leader, follower]], configuration });
        return whileDown(place, follower, async () => {
          const inSync = await settled(
            async () => (await partitionOf(scope, topic))?.inSyncReplicas.length,
            (count) => count === 1,
            60_000,
          );
          const tryWith = async (acks: -1 | 1): Promise<string> => {
            const producer = scope.connect().producer({ acks, deliveryTimeoutMs: 2_000 });
            return producer.send({ topic, value: 'x' }).then(
              () => 'done',
              (error: unknown) => kafkaErrorIn(error)?.errorName ?? String(error),
            );
          };
          return { all: await tryWith(-1), leader: await tryWith(1), inSync };
        });
      },
    },
  },
  {
    name: 'a partition whose only replica is down has no leader, and is served again when it returns',
    apis: ['Metadata', 'Produce'],
    profile,
    shows: { leader: -1, after: 'done' },
    by: {
      async millrace(place, scope) {
        const only = place.brokerIds.at(-1) ?? 0;
        const topic = await scope.createTopic({ assignment: [[only]] });
        const leader = await whileDown(place, only, () =>
          settled(
            async () => (await partitionOf(scope, topic))?.leader ?? -1,
            (node) => node === -1,
            60_000,
          ),
        );
        await scope.connect().producer().send({ topic, value: 'x' });
        return { leader, after: 'done' };
      },
    },
  },
  {
    name: 'a leader that returned leads again once it is elected, and where it leads an election is not needed',
    apis: ['ElectLeaders'],
    profile,
    shows: { moved: true, elected: ['none'], again: ['ELECTION_NOT_NEEDED'] },
    by: {
      async millrace(place, scope) {
        const [preferred = 0, other = 0] = place.brokerIds;
        const topic = await scope.createTopic({ assignment: [[preferred, other]] });
        const leads = (node: number): Promise<boolean> =>
          settled(
            async () => (await partitionOf(scope, topic))?.leader === node,
            (found) => found,
            60_000,
          );
        const moved = await whileDown(place, preferred, () => leads(other));
        await isWhole(scope, topic);
        const elect = async (): Promise<string[]> => {
          const results = await scope.admin.electLeaders('preferred', [{ topic, partition: 0 }]);
          return results.map(({ error }) => error?.errorName ?? 'none');
        };
        const elected = await elect();
        await leads(preferred);
        return { moved, elected, again: await elect() };
      },
    },
  },
  {
    name: 'a transaction is committed by the coordinator that took over',
    apis: ['EndTxn', 'FindCoordinator', 'Fetch'],
    profile,
    shows: ['before', 'after'],
    by: {
      async millrace(place, scope) {
        const topic = await scope.createTopic({ partitions: 1 });
        const transactionalId = scope.name('transaction');
        const producer = scope.connect().producer({ transactionalId });
        const transaction = await producer.begin();
        await transaction.send({ topic, value: 'before' });
        const coordinator = await coordinatorOf(scope, transactionalId);
        await whileDown(place, coordinator, async () => {
          await transaction.send({ topic, value: 'after' });
          await transaction.commit();
        });
        const read = await millrace.read(place, scope, { topic, count: 2, isolation: 'read_committed' });
        return read.map(({ value }) => value);
      },
    },
  },
];

/**
 * Stops and starts each broker in turn; records are delivered before, each time one is down, and each time all are
 * back. Answers how many different ones were read.
 */
async function roll(driver: Driver, place: Place, scope: Scope, how: 'cleanly' | 'at once'): Promise<number> {
  const topic = await scope.createTopic({ partitions, configuration: { 'min.insync.replicas': '2' } });
  const send = await openSender(driver, place, scope, { topic, partitions });
  const seen = await openReader(driver, place, scope, topic);
  let count = 0;
  const deliver = async (): Promise<void> => {
    await send(Array.from({ length: recordsEach }, () => `${count++}`));
    const describe = (): string => `${seen()} of ${count} records were read`;
    await eventually(() => seen() === count, { timeoutMs: 60_000, describe });
  };
  await deliver();
  for (const nodeId of place.brokerIds) {
    await whileDown(place, nodeId, deliver, how);
    await isWhole(scope, topic);
    const everyPartition = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    await scope.admin.electLeaders('preferred', everyPartition);
    await deliver();
  }
  return seen();
}

/** Does `work` while a broker is down; it is back afterwards, whatever happens. */
async function whileDown<T>(
  place: Place,
  nodeId: number,
  work: () => Promise<T>,
  how: 'cleanly' | 'at once' = 'cleanly',
): Promise<T> {
  await place.stopBroker(nodeId, how);
  try {
    return await work();
  } finally {
    await place.startBroker(nodeId);
  }
}

async function partitionOf(scope: Scope, topic: string) {
  const [described] = await scope.admin.describeTopics([topic]);
  return described?.error === undefined ? described?.partitions[0] : undefined;
}

/** Waits until all replicas of a topic are in sync. */
async function isWhole(scope: Scope, topic: string): Promise<void> {
  const look = async (): Promise<boolean> => {
    const [described] = await scope.admin.describeTopics([topic]);
    if (described === undefined || described.error !== undefined) return false;
    return described.partitions.every(({ inSyncReplicas, replicas }) => inSyncReplicas.length === replicas.length);
  };
  if (!(await settled(look, (whole) => whole, 60_000))) throw new Error(`${topic} did not become whole again`);
}

async function coordinatorOf(scope: Scope, transactionalId: string): Promise<number> {
  const [described] = await scope.admin.describeTransactions([transactionalId]);
  if (described === undefined || described.error !== undefined) throw new Error(`${transactionalId} is not known`);
  return described.coordinator;
}
