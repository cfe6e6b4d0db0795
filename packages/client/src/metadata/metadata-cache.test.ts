import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '@millrace/base';
import { errorCodes, type MetadataResponse } from '@millrace/wire';
import { type AskMetadata, MetadataCache } from './metadata-cache.ts';

const options = {
  platform: nodePlatform,
  callTimeoutMs: 1_000,
  metadataMaxAgeMs: 60_000,
  unknownTopicTimeoutMs: 50,
  retryBackoffMs: 5,
  retryBackoffMaxMs: 10,
};

interface Known {
  readonly leaders?: readonly number[];
  readonly epoch?: number;
  readonly id?: string;
  readonly errorCode?: number;
}

function response(topics: { readonly [name: string]: Known }): MetadataResponse {
  const answers = Object.entries(topics).map(([name, { leaders = [1], epoch = 1, id = 'id', errorCode = 0 }]) => ({
    errorCode,
    name,
    topicId: id,
    isInternal: false,
    partitions: leaders.map((leaderId, partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId,
      leaderEpoch: epoch,
      replicaNodes: [],
      isrNodes: [],
      offlineReplicas: [],
    })),
  }));
  return { topics: answers } as unknown as MetadataResponse;
}

/** A cache whose questions are noted and answered after a turn of the event loop. */
function cacheOver(answer: (topics: readonly string[], round: number) => MetadataResponse): {
  cache: MetadataCache;
  asked: (readonly string[])[];
} {
  const asked: (readonly string[])[] = [];
  const ask: AskMetadata = async (topics) => {
    asked.push(topics);
    const round = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 2));
    return answer(topics, round);
  };
  return { cache: new MetadataCache(options, ask), asked };
}

test('questions that come while one is under way are asked together in the next', async () => {
  const asked: (readonly string[])[] = [];
  const gate = Promise.withResolvers<void>();
  const cache = new MetadataCache(options, async (topics) => {
    asked.push(topics);
    await gate.promise;
    return response(Object.fromEntries(topics.map((name) => [name, {}])));
  });
  const first = cache.topic('a');
  await new Promise((resolve) => setImmediate(resolve));
  const others = [cache.topic('b'), cache.topic('c'), cache.topic('b'), cache.topic('a')];
  gate.resolve();
  await Promise.all([first, ...others]);
  assert.deepEqual(asked, [['a'], ['b', 'c', 'a']]);
  await cache.topic('c');
  assert.equal(asked.length, 2);
});

test('a topic that nobody knows is asked for again for a while, and then is an error', async () => {
  const unknown = { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, leaders: [] };
  const late = cacheOver((_, round) => response({ a: round < 3 ? unknown : {} }));
  assert.equal((await late.cache.topic('a')).partitions.length, 1);
  assert.equal(late.asked.length, 3);
  const never = cacheOver(() => response({ a: unknown }));
  await assert.rejects(never.cache.topic('a'), { code: 'unknown_topic', topic: 'a' });
  assert.ok(never.asked.length > 2);
  const forbidden = cacheOver(() => response({ a: { errorCode: errorCodes.TOPIC_AUTHORIZATION_FAILED, leaders: [] } }));
  await assert.rejects(forbidden.cache.topic('a'), {
    code: 'authorization_failed',
    errorName: 'TOPIC_AUTHORIZATION_FAILED',
  });
  assert.equal(forbidden.asked.length, 1);
});

test('an answer from a broker that lags does not bring an old leader back', async () => {
  const { cache } = cacheOver(() => response({}));
  const leaderOf = (): number | undefined => cache.peek('a')?.partitions[0]?.leader;
  cache.learn(response({ a: { leaders: [1], epoch: 5 } }));
  cache.learn(response({ a: { leaders: [2], epoch: 4 } }));
  assert.equal(leaderOf(), 1);
  cache.learn(response({ a: { leaders: [3], epoch: 6 } }));
  assert.equal(leaderOf(), 3);
  // A topic that was deleted and made anew begins its epochs again.
  cache.learn(response({ a: { leaders: [2], epoch: 0, id: 'other' } }));
  assert.equal(leaderOf(), 2);
});

test('a topic that is gone is forgotten, and listeners hear of what is learnt', async () => {
  const { cache } = cacheOver(() => response({}));
  const heard: string[] = [];
  const stop = cache.onLearnt((topic) => heard.push(topic));
  cache.learn(response({ a: {}, b: {} }));
  cache.learn(response({ a: { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION } }));
  assert.equal(cache.peek('a'), undefined);
  stop();
  cache.learn(response({ c: {} }));
  assert.deepEqual(heard, ['a', 'b', 'a']);
});

test('a failed question fails those who asked it, and the next is asked anew', async () => {
  let failing = true;
  const ask: AskMetadata = async () => {
    if (failing) throw new TypeError('a bug');
    return response({ a: {} });
  };
  const cache = new MetadataCache(options, ask);
  await assert.rejects(cache.refresh(['a']), /a bug/);
  failing = false;
  await cache.refresh(['a']);
  assert.equal(cache.peek('a')?.name, 'a');
});

test('a partition number beyond the count of partitions is passed over, whatever memory it claims', () => {
  const { cache } = cacheOver(() => response({}));
  const answer = response({ orders: { leaders: [1, 2, 3] } });
  const [, second, third] = answer.topics[0]?.partitions ?? [];
  assert.ok(second !== undefined && third !== undefined);
  Object.assign(second, { partitionIndex: 2 ** 31 - 1 });
  Object.assign(third, { partitionIndex: -1 });
  cache.learn(answer);
  const leaders = cache.peek('orders')?.partitions.map(({ partition, leader }) => [partition, leader]);
  assert.deepEqual(leaders, [
    [0, 1],
    [1, -1],
    [2, -1],
  ]);
});

test('a topic that is told of without partitions is asked for again', async () => {
  const { cache, asked } = cacheOver((_, round) => response({ orders: { leaders: round === 1 ? [] : [1] } }));
  const { partitions } = await cache.topic('orders');
  assert.equal(partitions.length, 1);
  assert.deepEqual(asked, [['orders'], ['orders']]);
  cache.learn(response({ orders: { leaders: [] } }));
  assert.equal(cache.peek('orders')?.partitions.length, 1, 'what is known stays');
});
