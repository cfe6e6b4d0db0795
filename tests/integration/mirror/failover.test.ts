/** Mirrors that are failed over and back: what is fenced, what is missing, and where everybody goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AclBinding, unwrap } from '@millrace/client';
import {
  type FailoverOptions,
  type FailoverStep,
  failback,
  failover,
  startMirror,
  verifyMirror,
} from '@millrace/mirror';
import { quick, startFixture, uniqueName, until } from '../client/client-fixture.ts';
import { startSecured } from '../client/secured-fixture.ts';
import { commit, offsetOf, sidesBetween, values, valuesOf, write } from './failover-fixture.ts';
import { readPartition } from './mirror-fixture.ts';

const alice = { sasl: { mechanism: 'PLAIN', username: 'alice', password: 'alice-secret' } } as const;

function acl(rule: Partial<AclBinding>): AclBinding {
  return {
    resourceType: 'topic',
    resourceName: '*',
    patternType: 'literal',
    principal: 'User:alice',
    host: '*',
    operation: 'write',
    permission: 'allow',
    ...rule,
  };
}

test('a planned failover fences who writes, loses nothing, and lets them write on the target', async (t) => {
  const source = await startSecured(t);
  const target = await startFixture(t, { authorizer: true });
  const topic = uniqueName('topic');
  unwrap(await source.admin.createTopics([{ topic, partitions: 2 }]));
  unwrap(await source.admin.createAcls([acl({ resourceName: topic })]));
  const sides = {
    name: uniqueName('mirror'),
    source: { bootstrap: source.bootstrap('PLAINTEXT'), ...quick },
    target: { bootstrap: target.bootstrap, ...quick },
  };
  await using mirror = await startMirror({ ...sides, topics: [topic], shards: 4, topicIntervalMs: 200 });
  const writer = source.connect('SASL_PLAINTEXT', alice).producer();
  const written: string[] = [];
  const refusals: Error[] = [];
  const writing = (async () => {
    for (let n = 0; refusals.length === 0; n++) {
      const value = `value ${n}`;
      await writer.send({ topic, partition: n % 2, value }).then(
        () => written.push(value),
        (error: Error) => refusals.push(error),
      );
    }
  })();
  await until(() => written.length > 200);
  const steps: FailoverStep[] = [];
  const options: FailoverOptions = {
    ...sides,
    manner: 'planned',
    unfenced: true,
    probe: { bootstrap: source.bootstrap('SASL_PLAINTEXT'), ...quick, security: alice },
    tell: (step) => void steps.push(step),
  };
  await assert.rejects(failover({ ...options, unfenced: false }), { code: 'failover_unfenced' });
  assert.equal(refusals.length, 0, 'nobody is fenced by a failover that does not begin');
  const group = uniqueName('group');
  await commit(source.connect('PLAINTEXT'), group, topic, 20);
  const result = await failover(options);
  await writing;
  assert.equal((refusals[0]?.cause as { code?: string }).code, 'authorization_failed');
  const found = (await Promise.all([0, 1].map((partition) => readPartition(target.client, topic, partition)))).flatMap(
    valuesOf,
  );
  assert.deepEqual(found.toSorted(), written.toSorted());
  assert.deepEqual(
    result.topics.flatMap(({ points }) => points.map(({ source: at, sourceEnd }) => at === sourceEnd)),
    [true, true],
  );
  const at = await offsetOf(target.client, group, topic);
  const next = (await readPartition(target.client, topic, 0)).find(({ offset }) => offset >= (at ?? 0));
  assert.equal(next?.value, (await readPartition(source.connect('PLAINTEXT'), topic, 0))[20]?.value);
  const rules = await target.admin.describeAcls({ resourceType: 'topic', resourceName: topic });
  const write = rules.filter(({ operation }) => operation === 'write');
  assert.deepEqual(write, [acl({ resourceName: topic })]);
  assert.deepEqual([...new Set(steps.map(({ step }) => step))].slice(0, 4), ['begin', 'fence', 'transactions', 'ends']);
  // The worker is fenced, and nobody may begin another.
  await until(() => mirror.status().length === 0);
  await assert.rejects(startMirror({ ...sides, topics: [topic] }), { code: 'mirror_failed_over' });
  // Again: nothing is left to do but groups.
  await commit(source.connect('PLAINTEXT'), group, topic, 30);
  const again = await failover(options);
  assert.deepEqual(again.topics, result.topics);
  assert.deepEqual(
    again.groups.map(({ synced }) => synced),
    [1],
  );
});

test('after a forced failover what is missing is told, and the way back copies nothing twice', async (t) => {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const topic = await source.createTopic(1);
  const copy = `east.${topic}`;
  const sides = {
    name: uniqueName('mirror'),
    source: { bootstrap: source.bootstrap, ...quick },
    target: { bootstrap: target.bootstrap, ...quick },
    rename: (name: string) => `east.${name}`,
  };
  await write(source.client, topic, 0, 100);
  const [reader, torn] = [uniqueName('group'), uniqueName('group')];
  {
    await using mirror = await startMirror({ ...sides, topics: [topic], shards: 2 });
    await until(() => mirror.status()[0]?.lag === 0);
    await commit(source.client, reader, topic, 40);
    await mirror.syncGroups();
  }
  await write(source.client, topic, 100, 130);
  await commit(source.client, torn, topic, 110);
  await source.stop();
  const sentences: string[] = [];
  const tell = ({ step, sentence }: FailoverStep) => void (step === 'missing' && sentences.push(sentence));
  const { topics } = await failover({ ...sides, manner: 'forced', sourceMs: 300, tell });
  assert.deepEqual(
    topics.flatMap(({ points }) => points.map(({ source: at, sourceEnd }) => [at, sourceEnd])),
    [[100, null]],
  );
  assert.match(sentences.join(), /before source offset 100 is on the target; where the source ended is not known/);
  await write(target.client, copy, 200, 220);
  await commit(target.client, reader, copy, (await readPartition(target.client, copy, 0))[110]?.offset ?? 0);
  await source.restart();
  const exported: number[] = [];
  const back = await failback({ ...sides, exportTail: { record: ({ offset }) => void exported.push(offset) } });
  assert.deepEqual([exported.length, exported[0], exported.at(-1)], [30, 100, 129]);
  assert.deepEqual(back.topics, [{ topic, tails: [{ partition: 0, from: 100, to: 130 }], rebuilt: [] }]);
  assert.deepEqual(await failback(sides).then(({ topics: again }) => again), back.topics);
  await using mirror = await startMirror({ ...back.mirror, groupIntervalMs: 100_000 });
  await until(() => mirror.status()[0]?.lag === 0);
  await mirror.syncGroups();
  const there = await readPartition(source.client, topic, 0);
  assert.deepEqual(valuesOf(there), values([0, 130], [200, 220]));
  assert.equal(there.find(({ offset }) => offset >= 130)?.value, 'value 200');
  const next = await offsetOf(source.client, reader, topic);
  assert.equal(there.find(({ offset }) => offset >= (next ?? 0))?.value, 'value 210');
  assert.equal(await offsetOf(source.client, torn, topic), 130);
  const { name } = back.mirror;
  const [verified] = await verifyMirror({ ...back.mirror, name });
  assert.equal(verified?.partitions[0]?.firstDifference?.sentence, undefined);
  assert.deepEqual([verified?.isEqual, verified?.partitions[0]?.compared], [true, 120]);
});

test('a mirror goes there and back and there again, and each side holds each record once', async (t) => {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const topic = await source.createTopic(1);
  const sides = sidesBetween(source, target);
  const planned = { manner: 'planned', unfenced: true } as const;
  await write(source.client, topic, 0, 50);
  {
    await using mirror = await startMirror({ ...sides, topics: [topic], shards: 2 });
    await until(() => mirror.status()[0]?.lag === 0);
  }
  await write(source.client, topic, 50, 60);
  // Nobody copies what is left but the failover.
  await failover({ ...sides, ...planned });
  await write(target.client, topic, 60, 80);
  const { mirror: back } = await failback(sides);
  await failover({ ...back, ...planned, topics: undefined });
  await write(source.client, topic, 80, 90);
  await assert.rejects(failback(sides), { code: 'failback_not_failed_over' });
  const { mirror: there } = await failback({ ...back, topics: undefined });
  assert.equal(there.name, sides.name);
  await using mirror = await startMirror(there);
  await until(() => mirror.status()[0]?.lag === 0);
  for (const { client } of [source, target]) {
    assert.deepEqual(valuesOf(await readPartition(client, topic, 0)), values([0, 90]));
  }
  const [verified] = await verifyMirror(sides);
  assert.deepEqual([verified?.isEqual, verified?.partitions[0]?.compared], [true, 90]);
});

test('one topic is failed over while others are copied on, once its open transactions are aborted', async (t) => {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const [moved, other] = [await source.createTopic(1), await source.createTopic(1)];
  const sides = sidesBetween(source, target);
  const events: string[] = [];
  await using mirror = await startMirror({
    ...sides,
    topics: [moved, other],
    // Both share one.
    shards: 1,
    topicIntervalMs: 200,
    report: ({ event }) => void events.push(event),
  });
  await write(source.client, moved, 0, 10);
  await until(() => mirror.status().length === 2 && mirror.status().every(({ lag }) => lag === 0));
  const producer = source.client.producer({ transactionalId: 'hanging' });
  const transaction = await producer.begin();
  await transaction.send({ topic: moved, partition: 0, value: 'undecided' });
  const options = { ...sides, topics: [moved], manner: 'planned', unfenced: true, transactionsMs: 300 } as const;
  await assert.rejects(failover(options), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'failover_transactions_open');
    assert.match(error.message, /transactional id hanging at /);
    return true;
  });
  const { topics } = await failover({ ...options, abortTransactions: true });
  assert.deepEqual(
    topics.map(({ topic, state }) => [topic, state]),
    [[moved, 'failed-over']],
  );
  await assert.rejects(transaction.commit());
  await write(source.client, moved, 10, 20);
  await write(source.client, other, 20, 30);
  await until(async () => (await readPartition(target.client, other, 0)).length === 10);
  await until(() => mirror.status().length === 1 && events.includes('failed_over'));
  assert.deepEqual(valuesOf(await readPartition(target.client, moved, 0)), values([0, 10]));
});

test('a topic that was open to all for want of rules stays open to readers while it is fenced', async (t) => {
  const [source, target] = [await startFixture(t, { authorizer: true }), await startFixture(t, { authorizer: true })];
  const topic = await source.createTopic(1);
  const sides = sidesBetween(source, target);
  await using mirror = await startMirror({ ...sides, topics: [topic], topicIntervalMs: 100 });
  await until(() => mirror.status()[0]?.lag === 0);
  await failover({ ...sides, manner: 'planned', unfenced: true });
  const rules = await source.admin.describeAcls({ resourceType: 'topic', resourceName: topic });
  const all = rules.filter(({ principal, host }) => principal === 'User:*' && host === '*');
  assert.equal(all.length, rules.length);
  assert.deepEqual(
    rules.map(({ permission, operation }) => `${permission} ${operation}`).toSorted(),
    ['alter', 'alter-configs', 'delete', 'describe-configs', 'read']
      .map((each) => `allow ${each}`)
      .concat('deny write'),
  );
  await mirror.syncTopics();
  assert.deepEqual(await target.admin.describeAcls({ resourceType: 'topic', resourceName: topic }), []);
  await failback(sides);
  assert.deepEqual(await source.admin.describeAcls({ resourceType: 'topic', resourceName: topic }), []);
});
