/** Offsets by what is known of them: first, last, a time, or the epoch of a leader. */
import {
  alterPartitionReassignments,
  deleteRecords,
  electLeaders,
  listOffsets,
  offsetForLeaderEpoch,
} from '@millrace/wire';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { errorName, type RawCluster, type RawConnection, raw } from '../matrix/raw-connection.ts';
import { batchOf, fetchFrom, outcomeOfProduce, valuesIn } from '../matrix/raw-records.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

interface Question {
  readonly partition?: number;
  readonly currentLeaderEpoch?: number;
  readonly isolationLevel?: number;
}

/** Asks for an offset by a time or one of the questions below zero; answers error, offset, time and epoch. */
function offsetsAt(leader: RawConnection, topic: string) {
  return async (timestamp: number, question: Question = {}, version = 9): Promise<unknown[]> => {
    const { partition = 0, currentLeaderEpoch = -1, isolationLevel = 0 } = question;
    const topics = [{ name: topic, partitions: [{ partitionIndex: partition, currentLeaderEpoch, timestamp }] }];
    const draft = { replicaId: -1, isolationLevel, topics };
    const answer = (await leader.request(listOffsets, version, draft)).topics[0]?.partitions[0];
    if (answer === undefined) throw new Error(`nothing was answered for ${topic}`);
    return [errorName(answer.errorCode), answer.offset, answer.timestamp, answer.leaderEpoch];
  };
}

function epochEndsAt(leader: RawConnection, name: string) {
  return async (leaderEpoch: number, currentLeaderEpoch = -1, partition = 0): Promise<unknown[]> => {
    const topics = [{ topic: name, partitions: [{ partition, currentLeaderEpoch, leaderEpoch }] }];
    const answer = (await leader.request(offsetForLeaderEpoch, 4, { topics })).topics[0]?.partitions[0];
    if (answer === undefined) throw new Error(`nothing was answered for ${name}`);
    return [errorName(answer.errorCode), answer.leaderEpoch, answer.endOffset];
  };
}

/** A partition whose second leader is in epoch 1 at least: one record of the first leader, one of the second. */
async function movedTopic(cluster: RawCluster, scope: Scope) {
  const topic = await scope.createTopic({ assignment: [[1, 2]] });
  await outcomeOfProduce(await cluster.leader(topic), topic, batchOf(['of the first leader']));
  const connection = await cluster.any();
  const reordered = { topics: [{ name: topic, partitions: [{ partitionIndex: 0, replicas: [2, 1] }] }] };
  await connection.request(alterPartitionReassignments, 0, reordered);
  const election = { electionType: 0, topicPartitions: [{ topic, partitions: [0] }] };
  await connection.requestUntil(
    electLeaders,
    2,
    () => election,
    (answer) => {
      const outcome = errorName(answer.replicaElectionResults[0]?.partitionResult[0]?.errorCode);
      return outcome === 'NONE' || outcome === 'ELECTION_NOT_NEEDED';
    },
  );
  const { leaderEpoch } = await settled(
    () => cluster.partition(topic),
    ({ leaderId }) => leaderId === 2,
  );
  const leader = await cluster.leader(topic);
  await settled(
    () => outcomeOfProduce(leader, topic, batchOf(['of the second leader'])),
    (outcome) => outcome === 'NONE',
  );
  return { topic, leader, leaderEpoch };
}

export const offsetLookup: readonly Behaviour[] = [
  {
    name: 'the first and the last offset of a partition are told',
    apis: ['ListOffsets'],
    shows: {
      empty: { first: ['NONE', 0, -1, 0], last: ['NONE', 0, -1, 0], local: ['NONE', 0, -1, 0] },
      first: ['NONE', 0, -1, 0],
      last: ['NONE', 2, -1, 0],
      local: ['NONE', 0, -1, 0],
      tiered: ['NONE', -1, -1, -1],
      'in version 1': ['NONE', 2, -1, -1],
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const ask = offsetsAt(leader, topic);
      const empty = { first: await ask(-2), last: await ask(-1), local: await ask(-4) };
      await outcomeOfProduce(leader, topic, batchOf(['first', 'second']));
      return {
        empty,
        first: await ask(-2),
        last: await ask(-1),
        local: await ask(-4),
        tiered: await ask(-5),
        'in version 1': await ask(-1, {}, 1),
      };
    }),
  },
  {
    name: 'the first offset at or after a time is told, with its time',
    apis: ['ListOffsets'],
    shows: {
      'before all': ['NONE', 0, 1000, 0],
      exactly: ['NONE', 1, 3000, 0],
      between: ['NONE', 1, 3000, 0],
      'in the second batch': ['NONE', 4, 4000, 0],
      'after all': ['NONE', -1, -1, -1],
      largest: ['NONE', 4, 4000, 0],
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ configuration: { 'retention.ms': '-1' } });
      const leader = await cluster.leader(topic);
      const ask = offsetsAt(leader, topic);
      const of = (value: string, timestamp: number) => ({ value, timestamp });
      await outcomeOfProduce(leader, topic, batchOf([of('a', 1000), of('b', 3000), of('c', 2000)]));
      await outcomeOfProduce(leader, topic, batchOf([of('d', 2500), of('e', 4000)]));
      return {
        'before all': await ask(0),
        exactly: await ask(3000),
        between: await ask(2600),
        'in the second batch': await ask(3001),
        'after all': await ask(4001),
        largest: await ask(-3),
      };
    }),
  },
  {
    name: 'of records with one largest time the first is told, and of none nothing',
    apis: ['ListOffsets'],
    shows: {
      empty: ['NONE', -1, -1, -1],
      largest: ['NONE', 1, 5000, 0],
      'after it': ['NONE', -1, -1, -1],
      'compressed too': ['NONE', 5, 9000, 0],
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ configuration: { 'retention.ms': '-1' } });
      const leader = await cluster.leader(topic);
      const ask = offsetsAt(leader, topic);
      const empty = await ask(-3);
      const of = (timestamp: number) => ({ value: 'value', timestamp });
      await outcomeOfProduce(leader, topic, batchOf([of(1000), of(5000), of(5000)]));
      await outcomeOfProduce(leader, topic, batchOf([of(5000)]));
      return {
        empty,
        largest: await ask(-3),
        'after it': await ask(5001),
        'compressed too': await compressedLargest(),
      };

      async function compressedLargest(): Promise<unknown> {
        const values = [of(1000), of(9000), of(2000)].map((each) => ({ ...each, value: 'x'.repeat(100) }));
        await outcomeOfProduce(leader, topic, batchOf(values, { compression: 'gzip' }));
        return await ask(-3);
      }
    }),
  },
  {
    name: 'the offset of the largest time after the records of its batch were deleted in part',
    apis: ['ListOffsets', 'DeleteRecords'],
    shows: new ListedDifference('the offset of the largest timestamp', { embedded: 2, kafka: 0 }),
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const timestamp = Date.now();
      await outcomeOfProduce(leader, topic, batchOf(['a', 'b', 'c'].map((value) => ({ value, timestamp }))));
      const topics = [{ name: topic, partitions: [{ partitionIndex: 0, offset: 2 }] }];
      await leader.request(deleteRecords, 2, { topics, timeoutMs: 30_000 });
      return (await offsetsAt(leader, topic)(-3))[1];
    }),
  },
  {
    name: 'offsets of what is not there are not told',
    apis: ['ListOffsets'],
    shows: {
      topic: ['UNKNOWN_TOPIC_OR_PARTITION', -1, -1, -1],
      partition: ['UNKNOWN_TOPIC_OR_PARTITION', -1, -1, -1],
      'unknown question': ['UNSUPPORTED_VERSION', -1, -1, -1],
      'question of a later version': ['UNSUPPORTED_VERSION', -1, -1, -1],
      follower: ['NOT_LEADER_OR_FOLLOWER', -1, -1, -1],
      stranger: ['NOT_LEADER_OR_FOLLOWER', -1, -1, -1],
      'newer epoch': ['UNKNOWN_LEADER_EPOCH', -1, -1, -1],
      'same epoch': ['NONE', 0, -1, 0],
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ assignment: [[1, 2]] });
      const leader = await cluster.leader(topic);
      const ask = offsetsAt(leader, topic);
      return {
        topic: await offsetsAt(leader, scope.name('absent'))(-1),
        partition: await ask(-1, { partition: 7 }),
        'unknown question': await ask(-9),
        'question of a later version': await ask(-3, {}, 6),
        follower: await offsetsAt(await cluster.broker(2), topic)(-1),
        stranger: await offsetsAt(await cluster.broker(3), topic)(-1),
        'newer epoch': await ask(-1, { currentLeaderEpoch: 9 }),
        'same epoch': await ask(-1, { currentLeaderEpoch: 0 }),
      };
    }),
  },
  {
    name: 'with a new leader comes a new epoch, and whoever still has the old one is fenced',
    apis: ['Fetch', 'ListOffsets', 'OffsetForLeaderEpoch', 'ElectLeaders', 'AlterPartitionReassignments'],
    shows: {
      fetch: 'FENCED_LEADER_EPOCH',
      offsets: 'FENCED_LEADER_EPOCH',
      epochs: 'FENCED_LEADER_EPOCH',
      'fetch of the current epoch': ['0 of the first leader', '1 of the second leader'],
      'fetch from the follower': ['0 of the first leader', '1 of the second leader'],
      'offsets from the follower': 'NOT_LEADER_OR_FOLLOWER',
    },
    by: raw(async (cluster, scope) => {
      const { topic, leader, leaderEpoch } = await movedTopic(cluster, scope);
      const old = leaderEpoch - 1;
      const [error] = await offsetsAt(leader, topic)(-1, { currentLeaderEpoch: old });
      const fetched = await fetchFrom(leader, topic, { currentLeaderEpoch: old });
      const [epochs] = await epochEndsAt(leader, topic)(0, old);
      const other = await cluster.broker(1);
      const follower = await settled(
        async () => valuesIn(await fetchFrom(other, topic)),
        (values) => values.length === 2,
      );
      const current = await fetchFrom(leader, topic, { currentLeaderEpoch: leaderEpoch });
      return {
        fetch: errorName(fetched.errorCode),
        offsets: error,
        epochs,
        'fetch of the current epoch': valuesIn(current),
        'fetch from the follower': follower,
        'offsets from the follower': (await offsetsAt(other, topic)(-1))[0],
      };
    }),
  },
  {
    name: 'each epoch of leaders ends where the next begins',
    apis: ['OffsetForLeaderEpoch', 'Fetch', 'ListOffsets'],
    shows: {
      first: ['NONE', 0, 1],
      current: ['NONE', 'current', 2],
      newer: ['NONE', -1, -1],
      'below zero': ['NONE', -1, -1],
      'partition that is not there': ['UNKNOWN_TOPIC_OR_PARTITION', -1, -1],
      'where the first epoch ended': ['NONE', { epoch: -1, endOffset: -1 }, '1 of the second leader'],
      'behind that': ['NONE', { epoch: 0, endOffset: 1 }],
      'last offset has epoch': true,
    },
    by: raw(async (cluster, scope) => {
      const { topic, leader, leaderEpoch } = await movedTopic(cluster, scope);
      const ask = epochEndsAt(leader, topic);
      const named = ([error, epoch, offset]: unknown[]) => [error, epoch === leaderEpoch ? 'current' : epoch, offset];
      const diverging = async (offset: number) => {
        const fetched = await fetchFrom(leader, topic, { offset, lastFetchedEpoch: 0 });
        return [errorName(fetched.errorCode), fetched.divergingEpoch, ...valuesIn(fetched)];
      };
      return {
        first: named(await ask(0)),
        current: named(await ask(leaderEpoch)),
        newer: named(await ask(leaderEpoch + 1)),
        'below zero': named(await ask(-1)),
        'partition that is not there': named(await ask(0, -1, 7)),
        'where the first epoch ended': await diverging(1),
        'behind that': await diverging(2),
        'last offset has epoch': (await offsetsAt(leader, topic)(-1))[3] === leaderEpoch,
      };
    }),
  },
];
