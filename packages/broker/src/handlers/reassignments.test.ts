/** Reassignments, elections and what shows them, through the protocol. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  alterPartitionReassignments,
  alterReplicaLogDirs,
  type DescribeTopicPartitionsResponse,
  describeCluster,
  describeLogDirs,
  describeProducers,
  describeQuorum,
  describeTopicPartitions,
  electLeaders,
  errorCodes,
  incrementalAlterConfigs,
  listPartitionReassignments,
} from '@millrace/wire';
import { batchOf, ClusterFixture } from '../testing/cluster-fixture.ts';
import { until } from '../testing/until.ts';

const slow = { 'millrace.replica.catch.up.rate': '1' };

async function reassign(own: ClusterFixture, replicas: readonly number[] | null, partition = 0, allowChange = true) {
  const topics = [{ name: 'moving', partitions: [{ partitionIndex: partition, replicas }] }];
  const peer = await own.peer(own.cluster.brokers[0]?.nodeId);
  const draft = { topics, allowReplicationFactorChange: allowChange };
  const answer = await peer.request(alterPartitionReassignments, draft);
  const result = answer.responses[0]?.partitions[0];
  return [answer.errorCode || result?.errorCode, result?.errorMessage ?? null];
}

async function underWay(own: ClusterFixture) {
  const answer = await (await own.peer()).request(listPartitionReassignments, {});
  return answer.topics.flatMap(({ partitions }) =>
    partitions.map(({ replicas, addingReplicas, removingReplicas }) => [replicas, addingReplicas, removingReplicas]),
  );
}

async function moving(configuration: Readonly<Record<string, string>> = slow): Promise<ClusterFixture> {
  const own = await ClusterFixture.start({ brokers: 4, configuration });
  await own.createTopic('moving', { replicas: [[1, 2]] });
  await own.produce('moving', batchOf({ values: ['a', 'b'] }));
  return own;
}

test('a reassignment adds replicas, waits for them to catch up, and removes the others', async () => {
  await using own = await moving();
  assert.deepEqual(await reassign(own, [3, 1]), [0, null]);
  assert.deepEqual(await underWay(own), [[[3, 1, 2], [3], [2]]]);
  const during = await own.describe('moving');
  assert.deepEqual([during.replicaNodes, during.isrNodes, during.leaderId], [[3, 1, 2], [1, 2], 1]);
  await own.cluster.configuration.changeDynamic(new Map([['millrace.replica.catch.up.rate', '100000000']]));
  await until(async () => (await underWay(own)).length === 0);
  const after = await own.describe('moving');
  assert.deepEqual([after.replicaNodes, after.isrNodes, after.leaderId, after.leaderEpoch], [[3, 1], [3, 1], 1, 1]);
  assert.deepEqual((await own.fetch('moving', 0)).values, ['a', 'b']);
});

test('a leader that is removed hands over when the others are in sync', async () => {
  await using own = await moving({});
  await reassign(own, [3, 4]);
  await until(async () => (await underWay(own)).length === 0);
  const { replicaNodes, isrNodes, leaderId, leaderEpoch } = await own.describe('moving');
  assert.deepEqual([replicaNodes, isrNodes, leaderId, leaderEpoch], [[3, 4], [3, 4], 3, 1]);
  await own.produce('moving', batchOf({ values: ['c'] }));
  assert.deepEqual((await own.fetch('moving', 0)).values, ['a', 'b', 'c']);
});

test('a reassignment that only reorders replicas is done at once and moves no leader', async () => {
  await using own = await moving();
  assert.deepEqual(await reassign(own, [2, 1]), [0, null]);
  const { replicaNodes, leaderId } = await own.describe('moving');
  assert.deepEqual([replicaNodes, leaderId, await underWay(own)], [[2, 1], 1, []]);
});

test('a cancelled reassignment leaves the replicas as they were, also when it was changed on the way', async () => {
  await using own = await moving();
  await reassign(own, [3, 1]);
  await reassign(own, [4, 3]);
  assert.deepEqual(await underWay(own), [
    [
      [4, 3, 1, 2],
      [3, 4],
      [1, 2],
    ],
  ]);
  assert.deepEqual(await reassign(own, null), [0, null]);
  const { replicaNodes, isrNodes, leaderId } = await own.describe('moving');
  assert.deepEqual([replicaNodes, isrNodes, leaderId], [[1, 2], [1, 2], 1]);
  const [code] = await reassign(own, null);
  assert.equal(code, errorCodes.NO_REASSIGNMENT_IN_PROGRESS);
});

test('a reassignment goes on after a restart', async () => {
  await using own = await moving();
  await reassign(own, [3, 2]);
  await own.restart();
  assert.deepEqual(await underWay(own), [[[3, 2, 1], [3], [1]]]);
  await own.cluster.configuration.changeDynamic(new Map([['millrace.replica.catch.up.rate', '100000000']]));
  await until(async () => (await underWay(own)).length === 0);
  assert.deepEqual((await own.describe('moving')).isrNodes, [3, 2]);
});

test('a throttle on the topic holds a reassignment back until it is taken away', async () => {
  await using own = await moving({ 'follower.replication.throttled.rate': '1' });
  const set = async (value: string): Promise<void> => {
    const configs = [{ name: 'follower.replication.throttled.replicas', configOperation: 0, value }];
    const resources = [{ resourceType: 2, resourceName: 'moving', configs }];
    const answer = await (await own.peer()).request(incrementalAlterConfigs, { resources, validateOnly: false });
    assert.equal(answer.responses[0]?.errorCode, 0, answer.responses[0]?.errorMessage ?? '');
  };
  await set('0:3,0:4');
  await own.createTopic('free', { replicas: [[1, 3]] });
  await own.produce('free', batchOf({ values: ['x'] }));
  await reassign(own, [1, 3]);
  await own.stopBroker(3);
  await own.produce('free', batchOf({ values: ['y'] }));
  await own.cluster.startBroker(3);
  await until(async () => (await own.describe('free')).isrNodes.length === 2);
  assert.equal((await underWay(own)).length, 1, 'the throttled replica lags on');
  await set('');
  await until(async () => (await underWay(own)).length === 0);
});

test('replicas that can not be are refused as by Kafka', async () => {
  await using own = await moving();
  const invalid = errorCodes.INVALID_REPLICA_ASSIGNMENT;
  const includes = 'The manual partition assignment includes';
  assert.deepEqual(await reassign(own, []), [invalid, `${includes} an empty replica list.`]);
  assert.deepEqual(await reassign(own, [9]), [invalid, `${includes} broker 9, but no such broker is registered.`]);
  assert.deepEqual(await reassign(own, [2, 2]), [invalid, `${includes} the broker 2 more than once.`]);
  assert.equal((await reassign(own, [3], 7))[0], errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  const kept = [errorCodes.INVALID_REPLICATION_FACTOR, 'The replication factor is changed from 2 to 3'];
  assert.deepEqual(await reassign(own, [1, 2, 3], 0, false), kept);
  assert.deepEqual(await underWay(own), []);
});

test('elections tell what was not needed and what was not possible', async () => {
  await using own = await moving();
  const elect = async (electionType: number, partitions: readonly number[] | null = [0]) => {
    const topicPartitions = partitions && [{ topic: 'moving', partitions }];
    const peer = await own.peer(own.cluster.brokers[0]?.nodeId);
    const { replicaElectionResults } = await peer.request(electLeaders, { electionType, topicPartitions });
    return replicaElectionResults.flatMap(({ partitionResult }) => partitionResult.map(({ errorCode }) => errorCode));
  };
  assert.deepEqual(await elect(0), [errorCodes.ELECTION_NOT_NEEDED]);
  assert.deepEqual(await elect(0, null), []);
  assert.deepEqual(await elect(0, [5]), [errorCodes.UNKNOWN_TOPIC_OR_PARTITION]);
  await own.stopBroker(1);
  assert.deepEqual(await elect(0), [errorCodes.PREFERRED_LEADER_NOT_AVAILABLE]);
  await own.produce('moving', batchOf({ values: ['c'] }));
  await own.stopBroker(2);
  assert.deepEqual(await elect(1), [errorCodes.ELIGIBLE_LEADERS_NOT_AVAILABLE]);
  await own.cluster.startBroker(1);
  assert.deepEqual([(await own.describe('moving')).leaderId, await elect(1)], [-1, [errorCodes.NONE]]);
  assert.equal((await own.describe('moving')).leaderId, 1);
  assert.deepEqual(await elect(1), [errorCodes.ELECTION_NOT_NEEDED]);
  await reassign(own, [2, 1]);
  await own.cluster.startBroker(2);
  await own.cluster.configuration.changeDynamic(new Map([['millrace.replica.catch.up.rate', '100000000']]));
  await until(async () => (await own.describe('moving')).isrNodes.length === 2);
  assert.deepEqual([await elect(0, null), (await own.describe('moving')).leaderId], [[errorCodes.NONE], 2]);
});

test('log directories tell how large replicas are and how far behind', async () => {
  await using own = await moving();
  await own.stopBroker(2);
  await own.produce('moving', batchOf({ values: ['c', 'd'] }));
  await own.cluster.startBroker(2);
  await reassign(own, [1, 2, 3]);
  const sizes = async (nodeId: number) => {
    const answer = await (await own.peer(nodeId)).request(describeLogDirs, { topics: null });
    const [directory] = answer.results;
    assert.ok((directory?.totalBytes ?? 0) > (directory?.usableBytes ?? 0));
    const { partitionSize = -1, offsetLag = -1 } = directory?.topics[0]?.partitions[0] ?? {};
    return { partitionSize, offsetLag };
  };
  const whole = await sizes(1);
  assert.equal(whole.offsetLag, 0);
  const half = await sizes(2);
  assert.ok(half.partitionSize > 0 && half.partitionSize < whole.partitionSize && half.offsetLag === 2);
  assert.equal((await sizes(3)).offsetLag, 4);
  assert.deepEqual(await sizes(4), { partitionSize: -1, offsetLag: -1 });
});

test('a replica can be moved to no other log directory', async () => {
  await using own = await moving();
  const move = async (path: string, nodeId = 1) => {
    const dirs = [{ path, topics: [{ name: 'moving', partitions: [0] }] }];
    return (await (await own.peer(nodeId)).request(alterReplicaLogDirs, { dirs })).results[0]?.partitions[0]?.errorCode;
  };
  const [known] = (await (await own.peer()).request(describeLogDirs, { topics: null })).results;
  assert.equal(await move(known?.logDir ?? ''), errorCodes.NONE);
  assert.equal(await move('/elsewhere'), errorCodes.LOG_DIR_NOT_FOUND);
  assert.equal(await move(known?.logDir ?? '', 4), errorCodes.REPLICA_NOT_AVAILABLE);
});

test('topics are described page by page', async () => {
  await using own = await ClusterFixture.start();
  for (const name of ['c', 'a', 'b']) await own.createTopic(name, { partitions: 3 });
  const seen: string[] = [];
  let cursor: DescribeTopicPartitionsResponse['nextCursor'] = null;
  for (let pages = 0; pages < 9; pages++) {
    const draft = { topics: [], responsePartitionLimit: 2, cursor };
    const answer: DescribeTopicPartitionsResponse = await (await own.peer()).request(describeTopicPartitions, draft);
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex } of partitions) seen.push(`${name}-${partitionIndex}`);
    }
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  assert.deepEqual(seen, ['a-0', 'a-1', 'a-2', 'b-0', 'b-1', 'b-2', 'c-0', 'c-1', 'c-2']);
  const named = await (await own.peer()).request(describeTopicPartitions, { topics: [{ name: 'b' }, { name: 'z' }] });
  assert.deepEqual(
    named.topics.map(({ name, errorCode, partitions }) => [name, errorCode, partitions.length]),
    [
      ['b', 0, 3],
      ['z', errorCodes.UNKNOWN_TOPIC_OR_PARTITION, 0],
    ],
  );
});

test('the quorum tells who votes, who leads and who knows what', async () => {
  await using own = await moving();
  await own.stopBroker(1);
  const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }];
  const answer = await (await own.peer(2)).request(describeQuorum, { topics });
  const quorum = answer.topics[0]?.partitions[0];
  assert.deepEqual([quorum?.errorCode, quorum?.leaderId, quorum?.leaderEpoch], [0, 2, 2]);
  assert.deepEqual(
    quorum?.currentVoters.map(({ replicaId }) => replicaId),
    [1, 2, 3],
  );
  assert.deepEqual(
    quorum?.observers.map(({ replicaId }) => replicaId),
    [4],
  );
  assert.equal(quorum?.currentVoters[1]?.logEndOffset, quorum?.highWatermark);
  assert.ok((quorum?.currentVoters[0]?.logEndOffset ?? 0) < (quorum?.highWatermark ?? 0));
  assert.deepEqual(
    answer.nodes.map(({ nodeId }) => nodeId),
    [2, 3],
  );
});

test('controllers and other endpoints are not described by a broker', async () => {
  await using own = await ClusterFixture.start();
  const ask = async (endpointType: number) => {
    const draft = { includeClusterAuthorizedOperations: false, endpointType };
    return (await (await own.peer()).request(describeCluster, draft)).errorCode;
  };
  assert.deepEqual(
    [await ask(1), await ask(2), await ask(3)],
    [errorCodes.NONE, errorCodes.MISMATCHED_ENDPOINT_TYPE, errorCodes.UNSUPPORTED_ENDPOINT_TYPE],
  );
});

test('who may not is told so, and changes and learns nothing', async () => {
  const configuration = { 'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer' };
  await using own = await ClusterFixture.start({ configuration });
  const peer = await own.peer();
  const topicPartitions = [{ topic: 'secret', partitions: [0] }];
  const dirs = [{ path: '/x', topics: [{ name: 'secret', partitions: [0] }] }];
  const answers = [
    await peer.request(alterPartitionReassignments, { topics: [{ name: 'secret', partitions: [] }] }),
    await peer.request(listPartitionReassignments, {}),
    await peer.request(electLeaders, { electionType: 0, topicPartitions }),
    await peer.request(describeLogDirs, { topics: null }),
    await peer.request(describeQuorum, { topics: [] }),
  ];
  const denied = errorCodes.CLUSTER_AUTHORIZATION_FAILED;
  for (const { errorCode } of answers) assert.equal(errorCode, denied);
  const moved = await peer.request(alterReplicaLogDirs, { dirs });
  assert.equal(moved.results[0]?.partitions[0]?.errorCode, denied);
  const named = await peer.request(describeTopicPartitions, { topics: [{ name: 'secret' }] });
  assert.equal(named.topics[0]?.errorCode, errorCodes.TOPIC_AUTHORIZATION_FAILED);
  assert.deepEqual((await peer.request(describeTopicPartitions, { topics: [] })).topics, []);
});

test('every broker with a replica tells its producers, in sync or not, and no other', async () => {
  await using own = await moving();
  await own.produce('moving', batchOf({ values: ['a'], producerId: 7, producerEpoch: 0, baseSequence: 0 }));
  await reassign(own, [1, 2, 3]);
  const told = async (nodeId: number) => {
    const topics = [{ name: 'moving', partitionIndexes: [0] }];
    const answer = await (await own.peer(nodeId)).request(describeProducers, { topics });
    const { errorCode, activeProducers } = answer.topics[0]?.partitions[0] ?? { errorCode: -1, activeProducers: [] };
    return [errorCode, activeProducers.map(({ producerId }) => producerId)];
  };
  assert.deepEqual((await own.describe('moving')).isrNodes, [1, 2]);
  for (const nodeId of [1, 2, 3]) assert.deepEqual(await told(nodeId), [errorCodes.NONE, [7]]);
  assert.deepEqual(await told(4), [errorCodes.NOT_LEADER_OR_FOLLOWER, []]);
});
