/** Replicas as operators see and move them: elections, reassignments, log directories, and the quorum. */
import {
  alterPartitionReassignments,
  alterReplicaLogDirs,
  describeLogDirs,
  describeQuorum,
  electLeaders,
  listPartitionReassignments,
  type ResponseOf,
} from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName, type RawConnection, raw } from '../matrix/raw-connection.ts';
import { batchOf, outcomeOfProduce } from '../matrix/raw-records.ts';
import { settled } from '../matrix/settled.ts';

const [preferred, unclean] = [0, 1];

async function elect(connection: RawConnection, electionType: number, topic: string, ...partitions: number[]) {
  const draft = { electionType, topicPartitions: [{ topic, partitions }], timeoutMs: 10_000 };
  const answer = await connection.request(electLeaders, 2, draft);
  const results = answer.replicaElectionResults.flatMap((each) => each.partitionResult);
  return [errorName(answer.errorCode), ...results.map(({ errorCode }) => errorName(errorCode))];
}

async function reassign(
  connection: RawConnection,
  name: string,
  replicas: readonly number[] | null,
  { partition = 0, version = 0, allowReplicationFactorChange = true } = {},
): Promise<unknown[]> {
  const partitions = [{ partitionIndex: partition, replicas }];
  const topics = [{ name, partitions }];
  const draft = { timeoutMs: 10_000, topics, ...(version > 0 ? { allowReplicationFactorChange } : {}) };
  const answer = await connection.request(alterPartitionReassignments, version, draft);
  return [errorName(answer.errorCode), errorName(answer.responses[0]?.partitions[0]?.errorCode)];
}

type Directories = ResponseOf<typeof describeLogDirs>['results'];

async function directoriesOf(connection: RawConnection, topic: string, partitions: number[]): Promise<Directories> {
  return (await connection.request(describeLogDirs, 4, { topics: [{ topic, partitions }] })).results;
}

export const replicas: readonly Behaviour[] = [
  {
    name: 'an election that nothing is wrong with is not needed, and one of what is not there is refused',
    apis: ['ElectLeaders'],
    shows: {
      preferred: ['NONE', 'ELECTION_NOT_NEEDED', 'ELECTION_NOT_NEEDED'],
      unclean: ['NONE', 'ELECTION_NOT_NEEDED'],
      partition: ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
      topic: ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
      'partition twice': ['NONE', 'ELECTION_NOT_NEEDED', 'ELECTION_NOT_NEEDED'],
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({
        assignment: [
          [1, 2],
          [2, 1],
        ],
      });
      await cluster.leader(topic);
      const connection = await cluster.any();
      return {
        preferred: await elect(connection, preferred, topic, 0, 1),
        unclean: await elect(connection, unclean, topic, 0),
        partition: await elect(connection, preferred, topic, 7),
        topic: await elect(connection, preferred, scope.name('absent'), 0),
        'partition twice': await elect(connection, preferred, topic, 0, 0),
      };
    }),
  },
  {
    name: 'the preferred replica is elected when another one leads',
    apis: ['ElectLeaders', 'AlterPartitionReassignments'],
    shows: {
      reordered: ['NONE', 'NONE'],
      before: 1,
      elected: ['NONE', 'NONE'],
      after: 3,
      again: ['NONE', 'ELECTION_NOT_NEEDED'],
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ assignment: [[1, 2, 3]] });
      const connection = await cluster.any();
      await cluster.leader(topic);
      const reordered = await reassign(connection, topic, [3, 2, 1]);
      const before = (await cluster.partition(topic)).leaderId;
      const elected = await elect(connection, preferred, topic, 0);
      const after = await settled(
        () => cluster.leaderId(topic),
        (leaderId) => leaderId === 3,
      );
      return { reordered, before, elected, after, again: await elect(connection, preferred, topic, 0) };
    }),
  },
  {
    name: 'a partition moves to other brokers with its records, and is listed until it has moved',
    apis: ['AlterPartitionReassignments', 'ListPartitionReassignments', 'Metadata'],
    shows: { moved: ['NONE', 'NONE'], left: 0, replicaNodes: [2, 3], inSync: [2, 3], leads: true, again: 'NONE' },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ assignment: [[1]] });
      await outcomeOfProduce(await cluster.leader(topic), topic, batchOf(['value']));
      const connection = await cluster.any();
      const moved = await reassign(connection, topic, [2, 3]);
      const ongoing = async (): Promise<number> => {
        const draft = { timeoutMs: 10_000, topics: [{ name: topic, partitionIndexes: [0] }] };
        return (await connection.request(listPartitionReassignments, 0, draft)).topics.length;
      };
      const left = await settled(ongoing, (count) => count === 0);
      const { replicaNodes, isrNodes, leaderId } = await settled(
        () => cluster.partition(topic),
        (partition) => partition.isrNodes.length === 2 && !partition.replicaNodes.includes(1),
      );
      const again = await settled(
        async () => await outcomeOfProduce(await cluster.leader(topic), topic, batchOf(['value'])),
        (outcome) => outcome === 'NONE',
      );
      return { moved, left, replicaNodes, inSync: [...isrNodes].sort(), leads: [2, 3].includes(leaderId), again };
    }),
  },
  {
    name: 'reassignments that can not be are refused',
    apis: ['AlterPartitionReassignments'],
    shows: {
      topic: ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
      partition: ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
      'unknown broker': ['NONE', 'INVALID_REPLICA_ASSIGNMENT'],
      'a broker twice': ['NONE', 'INVALID_REPLICA_ASSIGNMENT'],
      'no brokers': ['NONE', 'INVALID_REPLICA_ASSIGNMENT'],
      'a broker below zero': ['NONE', 'INVALID_REPLICA_ASSIGNMENT'],
      'nothing to cancel': ['NONE', 'NO_REASSIGNMENT_IN_PROGRESS'],
      'the same': ['NONE', 'NONE'],
      'other replication factor': ['NONE', 'INVALID_REPLICATION_FACTOR'],
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ assignment: [[1, 2]] });
      await cluster.leader(topic);
      const connection = await cluster.any();
      return {
        topic: await reassign(connection, scope.name('absent'), [1]),
        partition: await reassign(connection, topic, [1], { partition: 7 }),
        'unknown broker': await reassign(connection, topic, [9]),
        'a broker twice': await reassign(connection, topic, [1, 1]),
        'no brokers': await reassign(connection, topic, []),
        'a broker below zero': await reassign(connection, topic, [-1]),
        'nothing to cancel': await reassign(connection, topic, null),
        'the same': await reassign(connection, topic, [1, 2]),
        'other replication factor': await reassign(connection, topic, [1, 2, 3], {
          version: 1,
          allowReplicationFactorChange: false,
        }),
      };
    }),
  },
  {
    name: 'nothing is listed of partitions that do not move or are not there',
    apis: ['ListPartitionReassignments'],
    shows: { idle: ['NONE', 0], partition: ['NONE', 0], topic: ['NONE', 0] },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const connection = await cluster.any();
      const list = async (name: string, partitionIndexes: number[]): Promise<unknown[]> => {
        const draft = { timeoutMs: 10_000, topics: [{ name, partitionIndexes }] };
        const answer = await connection.request(listPartitionReassignments, 0, draft);
        return [errorName(answer.errorCode), answer.topics.length];
      };
      return {
        idle: await list(topic, [0]),
        partition: await list(topic, [7]),
        topic: await list(scope.name('absent'), [0]),
      };
    }),
  },
  {
    name: 'a broker tells the size of the replicas that it has',
    apis: ['DescribeLogDirs'],
    shows: {
      leader: ['0: the batch, 0 behind, present'],
      follower: ['0: the batch, 0 behind, present', '1: 0, 0 behind, present'],
      other: ['1: 0, 0 behind, present'],
      absent: [],
      error: 'NONE',
      space: true,
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({
        assignment: [
          [1, 2],
          [2, 3],
        ],
      });
      const leader = await cluster.leader(topic);
      await cluster.leader(topic, 1);
      const batch = batchOf(['x'.repeat(500)]);
      await outcomeOfProduce(leader, topic, batch);
      const look = async (nodeId: number, partitions: number[]) => {
        const [directory] = await directoriesOf(await cluster.broker(nodeId), topic, partitions);
        const told = directory?.topics.flatMap((each) => each.partitions) ?? [];
        return told
          .map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => {
            const size = partitionSize === batch.length ? 'the batch' : partitionSize;
            return `${partitionIndex}: ${size}, ${offsetLag} behind, ${isFutureKey ? 'future' : 'present'}`;
          })
          .sort();
      };
      const [whole] = await directoriesOf(leader, topic, [0]);
      const { totalBytes = 0, usableBytes = 0 } = whole ?? {};
      const follower = await cluster.broker(2);
      await settled(
        async () => (await directoriesOf(follower, topic, [0]))[0]?.topics[0]?.partitions[0]?.partitionSize,
        (size) => size === batch.length,
      );
      return {
        leader: await look(1, [0, 1]),
        follower: await look(2, [0, 1]),
        other: await look(3, [0, 1]),
        absent: await look(1, [7]),
        error: errorName(whole?.errorCode),
        space: totalBytes > usableBytes && usableBytes > 0,
      };
    }),
  },
  {
    name: 'a replica can be told to stay in its log directory, and to no directory that is not there',
    apis: ['AlterReplicaLogDirs', 'DescribeLogDirs'],
    shows: {
      here: 'NONE',
      'nowhere known': 'LOG_DIR_NOT_FOUND',
      'absent topic': 'UNKNOWN_TOPIC_OR_PARTITION',
      'absent partition': 'UNKNOWN_TOPIC_OR_PARTITION',
      'relative path': 'LOG_DIR_NOT_FOUND',
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ assignment: [[1]] });
      const leader = await cluster.leader(topic);
      const [directory] = await directoriesOf(leader, topic, [0]);
      const move = async (connection: RawConnection, path: string, name: string, index = 0): Promise<string> => {
        const draft = { dirs: [{ path, topics: [{ name, partitions: [index] }] }] };
        const answer = await connection.request(alterReplicaLogDirs, 2, draft);
        return errorName(answer.results[0]?.partitions[0]?.errorCode);
      };
      const here = directory?.logDir ?? '';
      return {
        here: await move(leader, here, topic),
        'nowhere known': await move(leader, '/no/such/directory', topic),
        'absent topic': await move(leader, here, scope.name('absent')),
        'absent partition': await move(leader, here, topic, 7),
        'relative path': await move(leader, 'directory', topic),
      };
    }),
  },
  {
    name: 'the quorum tells its leader and voters, and no other log has one',
    apis: ['DescribeQuorum'],
    shows: {
      voters: [1, 2, 3],
      observers: 0,
      leads: true,
      nodes: [1, 2, 3],
      'other topic': ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
      'other partition': ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const ask = async (topicName: string, partitionIndex: number) => {
        const draft = { topics: [{ topicName, partitions: [{ partitionIndex }] }] };
        return await connection.request(describeQuorum, 2, draft);
      };
      const answer = await ask('__cluster_metadata', 0);
      const quorum = answer.topics[0]?.partitions[0];
      const voters = quorum?.currentVoters.map(({ replicaId }) => replicaId).sort() ?? [];
      const failed = async (name: string, index: number): Promise<unknown[]> => {
        const { errorCode, topics } = await ask(name, index);
        return [errorName(errorCode), errorName(topics[0]?.partitions[0]?.errorCode)];
      };
      return {
        voters,
        observers: quorum?.observers.length,
        leads: voters.includes(quorum?.leaderId ?? -1),
        nodes: answer.nodes.map(({ nodeId }) => nodeId).sort(),
        'other topic': await failed(scope.name('topic'), 0),
        'other partition': await failed('__cluster_metadata', 1),
      };
    }),
  },
];
