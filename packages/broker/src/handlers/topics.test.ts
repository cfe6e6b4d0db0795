/** The handlers that make, describe, change and delete topics. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import {
  createPartitions,
  createTopics,
  deleteRecords,
  deleteTopics,
  errorCodes,
  metadata,
  type RequestDraft,
} from '@millrace/wire';
import { batchOf, ClusterFixture } from '../testing/cluster-fixture.ts';

let fixture: ClusterFixture;

before(async () => {
  fixture = await ClusterFixture.start({ brokers: 3 });
});
after(() => fixture[Symbol.asyncDispose]());

type NewTopic = RequestDraft<typeof createTopics>['topics'][number];

async function create(topic: Partial<NewTopic> & { name: string }, validateOnly = false) {
  const whole = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...topic };
  const peer = await fixture.peer();
  const answer = await peer.request(createTopics, { topics: [whole], timeoutMs: 1000, validateOnly });
  const result = answer.topics[0];
  assert.ok(result);
  return result;
}

async function describe(name: string) {
  const peer = await fixture.peer();
  const draft = { topics: [{ name }], allowAutoTopicCreation: false };
  return (await peer.request(metadata, draft)).topics[0];
}

test('partitions and their replicas are spread over the brokers', async () => {
  await create({ name: 'spread', numPartitions: 6, replicationFactor: 2 });
  const partitions = (await describe('spread'))?.partitions ?? [];
  const leaders = partitions.map(({ leaderId }) => leaderId).sort();
  assert.deepEqual(leaders, [1, 1, 2, 2, 3, 3]);
  for (const { replicaNodes, isrNodes, leaderId } of partitions) {
    assert.equal(new Set(replicaNodes).size, 2);
    assert.equal(replicaNodes[0], leaderId);
    assert.deepEqual(isrNodes, replicaNodes);
  }
});

test('replicas may be assigned by hand', async () => {
  const assignments = [
    { partitionIndex: 1, brokerIds: [3, 1] },
    { partitionIndex: 0, brokerIds: [2, 3] },
  ];
  const made = await create({ name: 'assigned', numPartitions: -1, replicationFactor: -1, assignments });
  assert.equal(made.errorCode, 0);
  const partitions = (await describe('assigned'))?.partitions ?? [];
  assert.deepEqual(
    partitions.map(({ replicaNodes }) => replicaNodes),
    [
      [2, 3],
      [3, 1],
    ],
  );
});

test('counts, names, assignments and configurations that are not valid are refused', async () => {
  const { errorCode } = await create({ name: 'valid' });
  assert.equal(errorCode, 0);
  const refusal = async (topic: Partial<NewTopic> & { name: string }) => (await create(topic)).errorCode;
  assert.equal(await refusal({ name: 'valid' }), errorCodes.TOPIC_ALREADY_EXISTS);
  assert.equal(await refusal({ name: 'none', numPartitions: 0 }), errorCodes.INVALID_PARTITIONS);
  assert.equal(await refusal({ name: 'many', replicationFactor: 4 }), errorCodes.INVALID_REPLICATION_FACTOR);
  assert.equal(await refusal({ name: 'bad name' }), errorCodes.INVALID_TOPIC_EXCEPTION);
  assert.equal(await refusal({ name: '' }), errorCodes.INVALID_TOPIC_EXCEPTION);
  assert.equal(await refusal({ name: 'x'.repeat(250) }), errorCodes.INVALID_TOPIC_EXCEPTION);
  const wrong = [{ name: 'retention.ms', value: 'soon' }];
  assert.equal(await refusal({ name: 'wrong-value', configs: wrong }), errorCodes.INVALID_CONFIG);
  assert.equal(
    await refusal({ name: 'no-such', configs: [{ name: 'no.such', value: '1' }] }),
    errorCodes.INVALID_CONFIG,
  );
  const twice = [{ partitionIndex: 0, brokerIds: [1, 1] }];
  const byHand = { numPartitions: -1, replicationFactor: -1 };
  assert.equal(await refusal({ name: 'twice', ...byHand, assignments: twice }), errorCodes.INVALID_REPLICA_ASSIGNMENT);
  const absent = [{ partitionIndex: 0, brokerIds: [9] }];
  assert.equal(
    await refusal({ name: 'absent', ...byHand, assignments: absent }),
    errorCodes.INVALID_REPLICA_ASSIGNMENT,
  );
});

test('names that differ only in "." and "_" collide', async () => {
  await create({ name: 'a.b' });
  assert.equal((await create({ name: 'a_b' })).errorCode, errorCodes.INVALID_TOPIC_EXCEPTION);
});

test('a validated creation creates nothing', async () => {
  assert.equal((await create({ name: 'imagined', numPartitions: 3 }, true)).numPartitions, 3);
  assert.equal((await describe('imagined'))?.errorCode, errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
});

test('two creations of one name at once make one topic', async () => {
  const peers = [await fixture.peer(1), await fixture.peer(2)];
  const topic = { name: 'raced', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const answers = await Promise.all(
    peers.map((peer) => peer.request(createTopics, { topics: [topic], timeoutMs: 1000 })),
  );
  const codes = answers.map((answer) => answer.topics[0]?.errorCode).sort();
  assert.deepEqual(codes, [0, errorCodes.TOPIC_ALREADY_EXISTS]);
});

test('asking for an absent topic creates it, unless the request or the broker forbids that', async () => {
  const peer = await fixture.peer();
  const made = await peer.request(metadata, { topics: [{ name: 'mentioned' }] });
  assert.equal(made.topics[0]?.errorCode, 0);
  assert.equal(made.topics[0]?.partitions.length, 1);
  assert.equal((await describe('not-mentioned'))?.errorCode, errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  await using strict = await ClusterFixture.start({ configuration: { 'auto.create.topics.enable': 'false' } });
  const refused = await (await strict.peer()).request(metadata, { topics: [{ name: 'mentioned' }] });
  assert.equal(refused.topics[0]?.errorCode, errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
});

test('a topic grows, and never shrinks', async () => {
  await create({ name: 'growing', numPartitions: 2, replicationFactor: 2 });
  const peer = await fixture.peer();
  const grow = async (count: number) => {
    const topics = [{ name: 'growing', count, assignments: null }];
    const answer = await peer.request(createPartitions, { topics, timeoutMs: 1000, validateOnly: false });
    return [answer.results[0]?.errorCode, answer.results[0]?.errorMessage];
  };
  assert.deepEqual(await grow(5), [0, null]);
  const partitions = (await describe('growing'))?.partitions ?? [];
  assert.equal(partitions.length, 5);
  assert.deepEqual(new Set(partitions.map(({ replicaNodes }) => replicaNodes.length)), new Set([2]));
  assert.deepEqual(await grow(5), [errorCodes.INVALID_PARTITIONS, 'Topic already has 5 partition(s).']);
  const shrunk = 'The topic growing currently has 5 partition(s); 1 would not be an increase.';
  assert.deepEqual(await grow(1), [errorCodes.INVALID_PARTITIONS, shrunk]);
});

test('a deleted topic is gone at once, with its files soon after, and its name can come back', async () => {
  await fixture.createTopic('fleeting');
  await fixture.produce('fleeting', batchOf({ values: ['x'] }));
  const before_ = await describe('fleeting');
  const peer = await fixture.peer();
  const remove = async () =>
    (await peer.request(deleteTopics, { topics: [{ name: 'fleeting' }], timeoutMs: 1000 })).responses[0]?.errorCode;
  assert.equal(await remove(), 0);
  assert.equal(await remove(), errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  await fixture.createTopic('fleeting');
  const after_ = await describe('fleeting');
  assert.notEqual(after_?.topicId, before_?.topicId);
  assert.equal((await fixture.fetch('fleeting', 0)).highWatermark, 0);
  const left = async () => (await readdir(`${fixture.directory}/topics`)).filter((name) => name.startsWith('fleeting'));
  for (let wait = 0; (await left()).length > 0; wait++) {
    assert.ok(wait < 100, 'the files of the deleted topic stay');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test('a fetch that waits on a topic is answered when that is deleted', async () => {
  await fixture.createTopic('doomed');
  const leader = (await describe('doomed'))?.partitions[0]?.leaderId ?? 1;
  const began = performance.now();
  const fetching = fixture.fetch('doomed', 0, { waitMs: 20_000 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const other = await fixture.peer((leader % 3) + 1);
  await other.request(deleteTopics, { topics: [{ name: 'doomed' }], timeoutMs: 1000 });
  assert.equal((await fetching).errorCode, errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  assert.ok(performance.now() - began < 10_000);
});

test('deleting records moves the start, and it stays there after a restart', async () => {
  await using own = await ClusterFixture.start();
  await own.createTopic('trimmed');
  for (const value of ['a', 'b', 'c', 'd']) await own.produce('trimmed', batchOf({ values: [value] }));
  const trim = async (offset: number) => {
    const topics = [{ name: 'trimmed', partitions: [{ partitionIndex: 0, offset }] }];
    const answer = await (await own.peer()).request(deleteRecords, { topics, timeoutMs: 1000 });
    return answer.topics[0]?.partitions[0];
  };
  assert.equal((await trim(9))?.errorCode, errorCodes.OFFSET_OUT_OF_RANGE);
  assert.equal((await trim(2))?.lowWatermark, 2);
  assert.equal((await trim(1))?.lowWatermark, 2);
  await own.restart();
  assert.equal((await own.fetch('trimmed', 1)).errorCode, errorCodes.OFFSET_OUT_OF_RANGE);
  assert.deepEqual((await own.fetch('trimmed', 2)).values, ['c', 'd']);
  assert.equal((await trim(-1))?.lowWatermark, 4);
});

test('topics, partitions and configurations survive a restart', async () => {
  await using own = await ClusterFixture.start({ brokers: 3 });
  await own.createTopic('kept', { partitions: 3, configuration: { 'retention.ms': '1234' } });
  const before_ = own.cluster.topics.byName('kept');
  await own.restart();
  const after_ = own.cluster.topics.byName('kept');
  assert.equal(after_?.id, before_?.id);
  assert.deepEqual(
    after_?.partitions.map(({ replicas }) => replicas),
    before_?.partitions.map(({ replicas }) => replicas),
  );
  assert.equal(after_?.settings.retentionMs, 1234);
});

test('an absurd number of partitions is refused', async () => {
  await create({ name: 'modest' });
  const peer = await fixture.peer();
  for (const validateOnly of [true, false]) {
    const draft = {
      topics: [{ name: 'modest', count: 2 ** 31 - 1, assignments: null }],
      timeoutMs: 1000,
      validateOnly,
    };
    const answer = await peer.request(createPartitions, draft);
    assert.equal(answer.results[0]?.errorCode, errorCodes.INVALID_PARTITIONS);
  }
  assert.equal((await describe('modest'))?.partitions.length, 1);
});

test('partitions that two clients add at once are all there', async () => {
  await create({ name: 'grown-twice' });
  const grow = async (nodeId: number, count: number) => {
    const peer = await fixture.peer(nodeId);
    const draft = { topics: [{ name: 'grown-twice', count, assignments: null }], timeoutMs: 1000, validateOnly: false };
    return (await peer.request(createPartitions, draft)).results[0]?.errorCode;
  };
  await fixture.peer(2);
  const codes = await Promise.all([grow(1, 3), grow(2, 7)]);
  assert.equal(codes[1], 0);
  assert.equal((await describe('grown-twice'))?.partitions.length, 7);
});

test('records deleted by two clients at once stay deleted up to the further offset', async () => {
  await using own = await ClusterFixture.start();
  await own.createTopic('cut-twice');
  for (let index = 0; index < 6; index++) await own.produce('cut-twice', batchOf({ values: [`${index}`] }));
  const topic = own.cluster.topics.byName('cut-twice');
  const partition = topic?.partitions[0];
  assert.ok(topic && partition);
  await Promise.all([5, 2].map((offset) => own.cluster.topics.advanceStart(topic, partition, offset)));
  await own.restart();
  assert.equal((await own.fetch('cut-twice', 4)).errorCode, errorCodes.OFFSET_OUT_OF_RANGE);
  assert.deepEqual((await own.fetch('cut-twice', 5)).values, ['5']);
});

test('an absent topic that can not be created says why', async () => {
  await using own = await ClusterFixture.start({ configuration: { 'default.replication.factor': '2' } });
  const draft = { topics: [{ name: 'too-replicated' }], allowAutoTopicCreation: true };
  const answer = await (await own.peer()).request(metadata, draft);
  assert.equal(answer.topics[0]?.errorCode, errorCodes.INVALID_REPLICATION_FACTOR);
});

test('after a start with fewer brokers the replicas that are left lead, or nobody', async () => {
  const options = { brokers: 3 };
  await using own = await ClusterFixture.start(options);
  const assignments = [
    { partitionIndex: 0, brokerIds: [3, 1] },
    { partitionIndex: 1, brokerIds: [2, 3] },
  ];
  const topic = { name: 'orphaned', numPartitions: -1, replicationFactor: -1, assignments, configs: [] };
  await (await own.peer()).request(createTopics, { topics: [topic], timeoutMs: 1000 });
  await own.produce('orphaned', batchOf({ values: ['kept'] }));
  options.brokers = 1;
  await own.restart();
  const answer = await (await own.peer()).request(metadata, { topics: [{ name: 'orphaned' }] });
  const partitions = [...(answer.topics[0]?.partitions ?? [])].sort((a, b) => a.partitionIndex - b.partitionIndex);
  assert.deepEqual(
    partitions.map(({ errorCode, leaderId, isrNodes, offlineReplicas }) => [
      errorCode,
      leaderId,
      isrNodes,
      offlineReplicas,
    ]),
    [
      [0, 1, [1], [3]],
      [errorCodes.LEADER_NOT_AVAILABLE, -1, [2, 3], [2, 3]],
    ],
  );
  assert.deepEqual((await own.fetch('orphaned', 0)).values, ['kept']);
});
