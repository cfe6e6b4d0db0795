/** Brokers that stop and return, as clients of the others see it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import {
  describeCluster,
  errorCodes,
  fetch,
  findCoordinator,
  heartbeat,
  listOffsets,
  metadata,
  offsetForLeaderEpoch,
  readBatches,
} from '@millrace/wire';
import { batchOf, ClusterFixture } from '../testing/cluster-fixture.ts';
import { until } from '../testing/until.ts';

/** Replicas return to the ISR only when told to. */
const slow = { 'millrace.replica.catch.up.rate': '1' };

test('leaderships of a stopped broker move to the next replica in sync, and epochs grow', async () => {
  await using own = await ClusterFixture.start({ brokers: 3 });
  await own.createTopic('moved', {
    replicas: [
      [1, 2, 3],
      [2, 3, 1],
    ],
  });
  await own.stopBroker(1);
  const [moved, stayed] = [await own.describe('moved', 0), await own.describe('moved', 1)];
  assert.deepEqual([moved.leaderId, moved.leaderEpoch], [2, 1]);
  assert.deepEqual([moved.replicaNodes, moved.isrNodes, moved.offlineReplicas], [[1, 2, 3], [2, 3], [1]]);
  assert.deepEqual([stayed.leaderId, stayed.leaderEpoch, stayed.isrNodes], [2, 0, [2, 3]]);
});

test('a stopped broker ends its connections, is in no metadata and refuses new ones until it is started', async () => {
  await using own = await ClusterFixture.start({ brokers: 2 });
  const peer = await own.peer(2);
  const { port = 0 } = own.cluster.brokers[1] ?? {};
  await own.stopBroker(2);
  await peer.ended;
  const answer = await (await own.peer(1)).request(metadata, { topics: [] });
  assert.deepEqual(
    answer.brokers.map(({ nodeId }) => nodeId),
    [1],
  );
  const described = await (await own.peer(1)).request(describeCluster, {
    includeClusterAuthorizedOperations: false,
    includeFencedBrokers: true,
  });
  assert.deepEqual(
    described.brokers.map(({ brokerId, isFenced }) => [brokerId, isFenced]),
    [
      [1, false],
      [2, true],
    ],
  );
  await assert.rejects(own.peer(2));
  await own.cluster.startBroker(2);
  assert.equal(own.cluster.brokers[1]?.port, port);
  assert.equal((await (await own.peer(2)).request(metadata, { topics: [] })).brokers.length, 2);
});

test('a broker that the cluster does not have can be neither stopped nor started', async () => {
  await using own = await ClusterFixture.start();
  const isUnknown = (error: unknown): boolean => isMillraceError(error, 'unknown_broker');
  await assert.rejects(own.cluster.stopBroker(9), isUnknown);
  await assert.rejects(own.cluster.startBroker(9), isUnknown);
});

test('the controller moves when its broker stops, and does not move back', async () => {
  await using own = await ClusterFixture.start({ brokers: 3 });
  const controller = async () => (await (await own.peer(3)).request(metadata, { topics: [] })).controllerId;
  assert.equal(await controller(), 1);
  await own.stopBroker(1);
  assert.equal(await controller(), 2);
  await own.cluster.startBroker(1);
  assert.equal(await controller(), 2);
  await own.restart();
  assert.equal(await controller(), 2);
});

test('a partition whose replicas are all stopped is offline and keeps its last ISR', async () => {
  await using own = await ClusterFixture.start({ brokers: 3, configuration: slow });
  await own.createTopic('dark', { replicas: [[1, 2]] });
  await own.produce('dark', batchOf({ values: ['a'] }));
  await own.stopBroker(1);
  await own.produce('dark', batchOf({ values: ['b'] }));
  await own.stopBroker(2);
  const dark = await own.describe('dark');
  assert.deepEqual([dark.errorCode, dark.leaderId, dark.isrNodes], [errorCodes.LEADER_NOT_AVAILABLE, -1, [2]]);
  await own.cluster.startBroker(1);
  assert.equal((await own.describe('dark')).leaderId, -1, 'a replica that lacks records does not lead');
  await own.cluster.startBroker(2);
  assert.deepEqual([(await own.describe('dark')).leaderId, (await own.fetch('dark', 0)).values], [2, ['a', 'b']]);
});

test('where unclean elections are allowed, a replica out of sync leads before nobody does', async () => {
  await using own = await ClusterFixture.start({ brokers: 3, configuration: slow });
  await own.createTopic('hasty', { replicas: [[1, 2]], configuration: { 'unclean.leader.election.enable': 'true' } });
  await own.stopBroker(1);
  await own.produce('hasty', batchOf({ values: ['a'] }));
  await own.cluster.startBroker(1);
  await own.stopBroker(2);
  const { leaderId, isrNodes, leaderEpoch } = await own.describe('hasty');
  assert.deepEqual([leaderId, isrNodes, leaderEpoch], [1, [1], 2]);
  assert.deepEqual((await own.fetch('hasty', 0)).values, ['a'], 'there is one copy, which is not truncated');
});

test('acks=all needs min.insync.replicas, acks=1 does not', async () => {
  await using own = await ClusterFixture.start({ brokers: 3, configuration: slow });
  await own.createTopic('safe', { replicas: [[1, 2, 3]], configuration: { 'min.insync.replicas': '2' } });
  await own.stopBroker(2);
  assert.equal((await own.produce('safe', batchOf({ values: ['a'] }))).errorCode, 0);
  await own.stopBroker(3);
  const refused = await own.produce('safe', batchOf({ values: ['b'] }));
  assert.equal(refused.errorCode, errorCodes.NOT_ENOUGH_REPLICAS);
  assert.equal((await own.produce('safe', batchOf({ values: ['c'] }), 0, 1)).errorCode, 0);
  assert.deepEqual((await own.fetch('safe', 0)).values, ['a', 'c']);
  await own.createTopic('single', { replicas: [[1]], configuration: { 'min.insync.replicas': '2' } });
  const answer = await own.produce('single', batchOf({ values: ['d'] }));
  assert.equal(answer.errorCode, 0, 'no more than the replication factor can be asked for');
});

test('a returning broker is out of sync until it has caught up', async () => {
  await using own = await ClusterFixture.start({ brokers: 3, configuration: slow });
  await own.createTopic('behind', { replicas: [[1, 2]] });
  await own.createTopic('even', { replicas: [[1, 2]] });
  await own.stopBroker(2);
  await own.produce('behind', batchOf({ values: ['a', 'b'] }));
  await own.cluster.startBroker(2);
  await until(async () => (await own.describe('even')).isrNodes.length === 2);
  const { isrNodes, offlineReplicas } = await own.describe('behind');
  assert.deepEqual([isrNodes, offlineReplicas], [[1], []]);
  await own.cluster.configuration.changeDynamic(new Map([['millrace.replica.catch.up.rate', '100000000']]));
  await until(async () => (await own.describe('behind')).isrNodes.length === 2);
});

test('what is stopped and who lags outlives a restart', async () => {
  await using own = await ClusterFixture.start({ brokers: 3, configuration: slow });
  await own.createTopic('kept', { replicas: [[1, 2, 3]] });
  await own.stopBroker(1);
  await own.stopBroker(3);
  await own.produce('kept', batchOf({ values: ['a'] }));
  await own.cluster.startBroker(3);
  const before = await own.describe('kept');
  await own.restart();
  assert.deepEqual(await own.describe('kept'), { ...before, leaderEpoch: before.leaderEpoch + 1 });
  assert.deepEqual([before.leaderId, before.leaderEpoch, before.isrNodes, before.offlineReplicas], [2, 1, [2], [1]]);
  await own.createTopic('later', { replicas: [[1, 2]] });
  assert.deepEqual((await own.describe('later')).isrNodes, [2], 'a new topic knows that broker 1 is down');
});

test('leadership goes back to the preferred replica by itself', async () => {
  const configuration = { 'leader.imbalance.check.interval.seconds': '1' };
  await using own = await ClusterFixture.start({ brokers: 2, configuration });
  await own.createTopic('preferred', { replicas: [[1, 2]] });
  await own.stopBroker(1);
  assert.equal((await own.describe('preferred')).leaderId, 2);
  await own.cluster.startBroker(1);
  await until(async () => (await own.describe('preferred')).leaderId === 1);
  assert.equal((await own.describe('preferred')).leaderEpoch, 2);
});

test('each leader epoch ends where the next one wrote, also after a restart', async () => {
  await using own = await ClusterFixture.start({ brokers: 3 });
  await own.createTopic('epochs', { replicas: [[1, 2, 3]] });
  await own.produce('epochs', batchOf({ values: ['a', 'b'] }));
  await own.stopBroker(1);
  await own.produce('epochs', batchOf({ values: ['c'] }));
  await own.stopBroker(2);
  const ends = async (currentLeaderEpoch: number): Promise<unknown> => {
    const asked = [0, 1, 2, 3].map((leaderEpoch) => ({ partition: 0, currentLeaderEpoch, leaderEpoch }));
    const answers = [];
    for (const partition of asked) {
      const draft = { topics: [{ topic: 'epochs', partitions: [partition] }] };
      const answer = await (await own.peer(3)).request(offsetForLeaderEpoch, draft);
      const { leaderEpoch, endOffset } = answer.topics[0]?.partitions[0] ?? {};
      answers.push([leaderEpoch, endOffset]);
    }
    return answers;
  };
  const written = [
    [0, 2],
    [1, 3],
  ];
  assert.deepEqual(await ends(2), [...written, [2, 3], [-1, -1]]);
  await own.restart();
  assert.deepEqual(await ends(3), [...written, [1, 3], [3, 3]], 'an epoch without records is forgotten');
  const { records } = await own.fetch('epochs', 0);
  assert.deepEqual(
    [...readBatches(records ?? new Uint8Array())].map((batch) => batch.partitionLeaderEpoch),
    [0, 1],
  );
  const draft = { replicaId: -1, topics: [{ name: 'epochs', partitions: [{ partitionIndex: 0, timestamp: -2 }] }] };
  const earliest = (await (await own.peer(3)).request(listOffsets, draft)).topics[0]?.partitions[0];
  assert.deepEqual([earliest?.offset, earliest?.leaderEpoch], [0, 0]);
});

test('an old leader epoch is fenced, a future one unknown, and a parted log told where it parts', async () => {
  await using own = await ClusterFixture.start({ brokers: 2 });
  await own.createTopic('fenced', { replicas: [[1, 2]] });
  await own.produce('fenced', batchOf({ values: ['a', 'b'] }));
  await own.stopBroker(1);
  await own.produce('fenced', batchOf({ values: ['c'] }));
  const ask = async (partition: { currentLeaderEpoch: number; fetchOffset: number; lastFetchedEpoch?: number }) => {
    const topics = [{ topic: 'fenced', partitions: [{ partition: 0, partitionMaxBytes: 1000, ...partition }] }];
    const answer = await (await own.peer(2)).request(fetch, { maxWaitMs: 0, minBytes: 1, topics }, 12);
    return answer.responses[0]?.partitions[0];
  };
  assert.equal((await ask({ currentLeaderEpoch: 0, fetchOffset: 0 }))?.errorCode, errorCodes.FENCED_LEADER_EPOCH);
  assert.equal((await ask({ currentLeaderEpoch: 2, fetchOffset: 0 }))?.errorCode, errorCodes.UNKNOWN_LEADER_EPOCH);
  const parted = await ask({ currentLeaderEpoch: 1, fetchOffset: 3, lastFetchedEpoch: 0 });
  assert.deepEqual([parted?.errorCode, parted?.divergingEpoch], [0, { epoch: 0, endOffset: 2 }]);
  const whole = await ask({ currentLeaderEpoch: 1, fetchOffset: 2, lastFetchedEpoch: 0 });
  assert.deepEqual(whole?.divergingEpoch, { epoch: -1, endOffset: -1 });
});

test('what a stopped broker coordinated moves, and only that', async () => {
  await using own = await ClusterFixture.start({ brokers: 3 });
  const keys = Array.from({ length: 60 }, (_, index) => `group-${index}`);
  const owners = async (nodeId: number): Promise<Map<string, number>> => {
    const answer = await (await own.peer(nodeId)).request(findCoordinator, { coordinatorKeys: keys });
    return new Map(answer.coordinators.map((found) => [found.key, found.nodeId]));
  };
  const before = await owners(1);
  assert.deepEqual([...new Set(before.values())].sort(), [1, 2, 3]);
  await own.stopBroker(3);
  const after = await owners(1);
  for (const key of keys) {
    if (before.get(key) === 3) assert.notEqual(after.get(key), 3);
    else assert.equal(after.get(key), before.get(key));
  }
  const moved = keys.find((key) => before.get(key) === 3 && after.get(key) === 2) ?? '';
  const request = { groupId: moved, generationId: 1, memberId: 'm' };
  assert.equal((await (await own.peer(1)).request(heartbeat, request)).errorCode, errorCodes.NOT_COORDINATOR);
  assert.equal((await (await own.peer(2)).request(heartbeat, request)).errorCode, errorCodes.UNKNOWN_MEMBER_ID);
});

test('while the last broker stops nobody coordinates, and clients are told so', async () => {
  await using fixture = await ClusterFixture.start();
  const peer = await fixture.peer();
  const stopping = fixture.cluster.stopBroker(1);
  await until(() => fixture.cluster.brokers.length === 0);
  const { coordinators } = await peer.request(findCoordinator, { keyType: 0, coordinatorKeys: ['group'] });
  assert.equal(coordinators[0]?.errorCode, errorCodes.COORDINATOR_NOT_AVAILABLE);
  await stopping;
});

test('consumers are told of a replica in their rack, and followers serve them', async () => {
  const configuration = { 'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector' };
  await using own = await ClusterFixture.start({ brokers: 3, racks: ['a', 'b', 'c'], configuration });
  await own.createTopic('near', { replicas: [[1, 2]] });
  await own.produce('near', batchOf({ values: ['x'] }));
  const ask = async (nodeId: number, rackId: string) => {
    const topics = [{ topic: 'near', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }];
    const answer = await (await own.peer(nodeId)).request(fetch, { maxWaitMs: 0, minBytes: 1, topics, rackId }, 12);
    const { errorCode, preferredReadReplica, records } = answer.responses[0]?.partitions[0] ?? {};
    return [errorCode, preferredReadReplica, (records?.length ?? 0) > 0];
  };
  assert.deepEqual(await ask(1, 'b'), [0, 2, false]);
  assert.deepEqual(await ask(2, 'b'), [0, -1, true]);
  assert.deepEqual(await ask(1, 'a'), [0, -1, true]);
  assert.deepEqual(await ask(1, 'c'), [0, -1, true]);
  assert.deepEqual(await ask(3, 'c'), [errorCodes.NOT_LEADER_OR_FOLLOWER, -1, false]);
});

test('who waits at a leader or coordinator that moves is told so before the connection ends', async () => {
  await using own = await ClusterFixture.start({ brokers: 2 });
  await own.createTopic('awaited', { replicas: [[1, 2]] });
  const peer = await own.peer(1);
  const waiting = own.fetch('awaited', 0, { waitMs: 60_000 });
  await until(() => own.cluster.topics.byName('awaited')?.partitions[0]?.isAwaited === true);
  const stopping = own.cluster.stopBroker(1);
  assert.equal((await waiting).errorCode, errorCodes.NOT_LEADER_OR_FOLLOWER);
  const { brokers } = await peer.request(metadata, { topics: [] });
  assert.deepEqual(
    brokers.map(({ nodeId }) => nodeId),
    [2],
  );
  await stopping;
  await peer.ended;
});
