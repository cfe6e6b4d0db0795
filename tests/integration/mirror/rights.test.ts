/** What a mirror says that lacks a right on one of its clusters: what to grant, or what else to do. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type AclBinding, type Client, unwrap } from '@millrace/client';
import { type Mirror, type MirrorEvent, type MirrorOptions, startMirror } from '@millrace/mirror';
import { quick, startFixture, uniqueName, until } from '../client/client-fixture.ts';
import { type SecuredFixture, startSecured } from '../client/secured-fixture.ts';
import { readPartition } from './mirror-fixture.ts';

type Grant = readonly [operation: AclBinding['operation'], type: AclBinding['resourceType'], name: string];

async function grant({ admin }: SecuredFixture, ...grants: readonly Grant[]): Promise<void> {
  const bindings = grants.map(([operation, resourceType, resourceName]): AclBinding => {
    const who = { principal: 'User:alice', host: '*', permission: 'allow', patternType: 'literal' } as const;
    return { ...who, operation, resourceType, resourceName };
  });
  unwrap(await admin.createAcls(bindings));
}

/** As alice, who may do nothing until it is granted. */
function asAlice({ bootstrap }: SecuredFixture): MirrorOptions['target'] {
  const sasl = { mechanism: 'PLAIN', username: 'alice', password: 'alice-secret' } as const;
  return { bootstrap: bootstrap('SASL_PLAINTEXT'), security: { sasl }, ...quick };
}

interface Tried {
  readonly error: (Error & { readonly code?: string }) | undefined;
  readonly events: MirrorEvent[];
}

/** What starts mirrors, which end with the test; to be asked for before the clusters are, which end after them. */
function attempts(t: TestContext): (options: MirrorOptions) => Promise<Tried> {
  const mirrors: Mirror[] = [];
  t.after(() => Promise.all(mirrors.map((each) => each.close())));
  return async (options) => {
    const events: MirrorEvent[] = [];
    try {
      mirrors.push(await startMirror({ ...options, report: (event) => void events.push(event) }));
      return { error: undefined, events };
    } catch (error) {
      return { error: error as Error, events };
    }
  };
}

async function write(client: Client, topic: string): Promise<void> {
  await using producer = client.producer();
  for (const value of ['a', 'b', 'c']) await producer.send({ topic, partition: 0, value });
}

const toWrite: readonly Grant[] = [
  ['all', 'topic', '*'],
  ['read', 'group', '*'],
];

test('a target that refuses transactions is told with what to grant, and can be copied to at least once', async (t) => {
  const attempt = attempts(t);
  const [source, target] = [await startFixture(t), await startSecured(t)];
  const topic = await source.createTopic(1);
  await write(source.client, topic);
  await grant(target, ...toWrite);
  const from = { bootstrap: source.bootstrap, ...quick };
  const options: MirrorOptions = { name: 'm', source: from, target: asAlice(target), topics: [topic], acls: false };
  const { error, events } = await attempt(options);
  assert.equal(error?.code, 'exactly_once_refused');
  assert.match(error?.message ?? '', /grant write on the transactional ids that begin with millrace\.offsets\.m\. /);
  assert.match(error?.message ?? '', /or copy at least once \(--at-least-once\)/);
  assert.deepEqual(events, []);
  const lower = await attempt({ ...options, guarantee: 'at-least-once' });
  assert.equal(lower.error, undefined);
  assert.equal(lower.events.filter(({ event }) => event === 'repeats_possible').length, 1);
  const client = target.connect('PLAINTEXT');
  await until(async () => (await client.admin().listTopics()).some((each) => each.topic === topic));
  await until(async () => (await readPartition(client, topic, 0)).length === 3);
  await grant(target, ['write', 'transactional-id', '*']);
  assert.equal((await attempt({ ...options, name: 'n' })).error, undefined);
});

test('what may not be read on the source is told of with what to grant', async (t) => {
  const attempt = attempts(t);
  const [source, target] = [await startSecured(t), await startFixture(t)];
  const topic = uniqueName('topic');
  unwrap(await source.admin.createTopics([{ topic, partitions: 1 }]));
  await write(source.connect('PLAINTEXT'), topic);
  const to = { bootstrap: target.bootstrap, ...quick };
  const options: MirrorOptions = { name: 'm', source: asAlice(source), target: to, topics: [topic], acls: false };
  await grant(source, ['read', 'topic', 'millrace.origins']);
  const hidden = await attempt(options);
  assert.match(hidden.error?.message ?? '', /^the source has no topic .*: check the name, .* or grant describe on it$/);
  await grant(source, ['describe', 'topic', topic]);
  const unknown = await attempt(options);
  const wanted = new RegExp(`configuration of topic ${topic} of the source: .*\\bit needs describe-configs on topic`);
  assert.match(unknown.error?.message ?? '', wanted);
  await grant(source, ['describe-configs', 'topic', topic]);
  const { error, events } = await attempt(options);
  assert.equal(error, undefined);
  await until(() => events.some(({ event }) => event === 'partition_failed'));
  const { message } = events.find(({ event }) => event === 'partition_failed') ?? {};
  assert.match(message ?? '', new RegExp(`of the source: .*\\bit needs read on topic ${topic}: grant it`));
});

test('what may not be written on the target is told of once, with what to grant', async (t) => {
  const attempt = attempts(t);
  const [source, target] = [await startFixture(t), await startSecured(t)];
  const topic = await source.createTopic(1);
  await write(source.client, topic);
  unwrap(await target.admin.createTopics([{ topic, partitions: 1 }]));
  const own: readonly Grant[] = [
    ['all', 'topic', 'millrace.offsets.m'],
    ['all', 'topic', 'millrace.origins'],
    ['write', 'transactional-id', '*'],
    ['read', 'group', '*'],
    ['describe', 'topic', topic],
  ];
  await grant(target, ...own);
  const from = { bootstrap: source.bootstrap, ...quick };
  const options: MirrorOptions = { name: 'm', source: from, target: asAlice(target), topics: [topic], acls: false };
  const { error, events } = await attempt(options);
  assert.equal(error, undefined);
  await until(() => events.some(({ event }) => event === 'partition_failed' || event === 'shard_reopened'));
  const { message } = events.find(({ event }) => event === 'partition_failed' || event === 'shard_reopened') ?? {};
  assert.match(message ?? '', new RegExp(`it needs (write|read) on topic ${topic}: grant it`));
  const [again] = Map.groupBy(events, (each) => each.message).values();
  assert.equal(again?.length, 1);
});
