/** Requests about very many topics leave other clients their turns, and are right about each topic. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Api,
  apiVersions,
  createPartitions,
  createTopics,
  deleteTopics,
  describeConfigs,
  errorCodes,
  incrementalAlterConfigs,
  metadata,
  type RequestDraft,
} from '@millrace/wire';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import { WirePeer } from '../testing/wire-peer.ts';

let fixture: ClusterFixture;
let other: WirePeer;

before(async () => {
  fixture = await ClusterFixture.start({ brokers: 2 });
  other = await WirePeer.connect(fixture.cluster.brokers[0]?.port ?? 0);
});
after(async () => {
  other[Symbol.dispose]();
  await fixture[Symbol.asyncDispose]();
});

const timeoutMs = 60_000;

function newTopic(name: string) {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
}

function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}_${index}`);
}

/** Answers a request during which one of another connection is answered. */
async function besideOthers<A extends Api>(api: A, draft: RequestDraft<A>, version?: number) {
  const peer = await fixture.peer();
  let isAnswered = false;
  const asking = peer.request(api, draft, version).finally(() => {
    isAnswered = true;
  });
  await other.request(apiVersions, {});
  assert.ok(!isAnswered, `${api.name} is under way when another connection's request is answered`);
  return asking;
}

function countsOf(results: readonly { readonly errorCode: number }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { errorCode } of results) counts[errorCode] = (counts[errorCode] ?? 0) + 1;
  return counts;
}

test('other clients are answered while one creates, grows, describes, alters and deletes 5,000 topics', async () => {
  const names = namesOf('many', 5000);
  const topics = names.map(newTopic);
  const validated = await besideOthers(createTopics, { topics, timeoutMs, validateOnly: true });
  assert.deepEqual(countsOf(validated.topics), { 0: 5000 });
  const created = await besideOthers(createTopics, { topics, timeoutMs });
  assert.deepEqual(
    created.topics.map(({ name, errorCode }) => `${name} ${errorCode}`),
    names.map((name) => `${name} 0`),
  );
  const resources = names.map((resourceName) => ({ resourceType: 2, resourceName, configurationKeys: null }));
  const described = await besideOthers(describeConfigs, { resources, includeSynonyms: false });
  assert.deepEqual(countsOf(described.results), { 0: 5000 });
  const configs = [{ name: 'retention.ms', configOperation: 0, value: '5' }];
  const changes = names.map((resourceName) => ({ resourceType: 2, resourceName, configs }));
  const altered = await besideOthers(incrementalAlterConfigs, { resources: changes, validateOnly: true });
  assert.deepEqual(countsOf(altered.responses), { 0: 5000 });
  const growing = { topics: names.map((name) => ({ name, count: 2, assignments: null })), timeoutMs };
  const grown = await besideOthers(createPartitions, { ...growing, validateOnly: false });
  assert.deepEqual(countsOf(grown.results), { 0: 5000 });
  const deleting = { topics: names.map((name) => ({ name, topicId: undefined })), timeoutMs };
  const deleted = await besideOthers(deleteTopics, deleting);
  assert.deepEqual(countsOf(deleted.responses), { 0: 5000 });
  assert.equal(fixture.cluster.topics.size, 0);
});

test('topics that one request creates have their leaders on all brokers', async () => {
  const peer = await fixture.peer();
  const names = namesOf('spread', 10);
  await peer.request(createTopics, { topics: names.map(newTopic), timeoutMs });
  const answer = await peer.request(metadata, { topics: names.map((name) => ({ name })) });
  const leaders = answer.topics.map(({ partitions }) => partitions[0]?.leaderId);
  assert.equal(leaders.filter((leader) => leader === 1).length, 5);
});

test('of colliding names in one request one topic is made', async () => {
  const peer = await fixture.peer();
  const answer = await peer.request(createTopics, { topics: ['like.this', 'like_this'].map(newTopic), timeoutMs });
  assert.deepEqual(countsOf(answer.topics), { 0: 1, [errorCodes.INVALID_TOPIC_EXCEPTION]: 1 });
  assert.match(answer.topics[1]?.errorMessage ?? '', /'like_this' collides with existing topic: like.this/);
  await peer.request(deleteTopics, { topics: [{ name: 'like.this' }], timeoutMs });
  const again = await peer.request(createTopics, { topics: [newTopic('like_this')], timeoutMs });
  assert.deepEqual(countsOf(again.topics), { 0: 1 }, 'a name is free again with its topic');
});

test('topics that a request names twice are left alone, and told of once', async () => {
  const peer = await fixture.peer();
  const refused = { [errorCodes.INVALID_REQUEST]: 1 };
  const twice = [newTopic('twice'), newTopic('twice')];
  assert.deepEqual(countsOf((await peer.request(createTopics, { topics: twice, timeoutMs })).topics), refused);
  await fixture.createTopic('twice');
  const growth = { name: 'twice', count: 3, assignments: null };
  const grown = await peer.request(createPartitions, { topics: [growth, growth], timeoutMs, validateOnly: false });
  assert.deepEqual(countsOf(grown.results), refused);
  const topicId = fixture.cluster.topics.byName('twice')?.id ?? '';
  const [byName, byId] = [{ name: 'twice' }, { name: null, topicId }];
  for (const topics of [
    [byName, byName],
    [byId, byId],
    [byId, byName],
    [byName, byId],
  ]) {
    const answer = await peer.request(deleteTopics, { topics, timeoutMs });
    assert.deepEqual(countsOf(answer.responses), refused, JSON.stringify(topics));
  }
  assert.equal(fixture.cluster.topics.byName('twice')?.partitions.length, 1);
  const answer = await peer.request(deleteTopics, { topics: [byId], timeoutMs });
  assert.deepEqual(countsOf(answer.responses), { 0: 1 });
});
