/** Topics that come, grow, change and go, between embedded clusters; who may read them, and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AclBinding, type Admin, unwrap } from '@millrace/client';
import { startMirror } from '@millrace/mirror';
import { quick, startFixture, uniqueName } from '../client/client-fixture.ts';
import { startMirrorFixture } from './mirror-fixture.ts';
import { topicBehaviours } from './topic-behaviours.ts';

for (const { name, run } of topicBehaviours) test(name, async (t) => run(await startMirrorFixture(t)));

const acl = (rule: Partial<AclBinding>): AclBinding => ({
  resourceType: 'topic',
  resourceName: '*',
  patternType: 'literal',
  principal: 'User:alice',
  host: '*',
  operation: 'read',
  permission: 'allow',
  ...rule,
});

async function rulesOf(admin: Admin): Promise<string[]> {
  const rules = await admin.describeAcls({ resourceType: 'topic' });
  return rules
    .map((rule) => `${rule.permission} ${rule.principal} ${rule.operation} ${rule.patternType} ${rule.resourceName}`)
    .sort();
}

test('rights to read come along, rights to write do not, and what is denied is denied', async (t) => {
  const [source, target] = [await startFixture(t, { authorizer: true }), await startFixture(t, { authorizer: true })];
  const topic = await source.createTopic(1);
  unwrap(
    await source.admin.createAcls([
      acl({ resourceName: topic }),
      acl({ resourceName: topic, operation: 'write' }),
      acl({ resourceName: topic, principal: 'User:bob', operation: 'all' }),
      acl({ resourceName: topic, principal: 'User:mallory', operation: 'all', permission: 'deny' }),
      acl({ resourceName: topic.slice(0, 8), patternType: 'prefixed', principal: 'User:carol', operation: 'describe' }),
      acl({ principal: 'User:dave' }),
      acl({ resourceName: 'another', principal: 'User:eve' }),
    ]),
  );
  unwrap(await target.admin.createAcls([acl({ resourceName: `east.${topic}`, principal: 'User:operator' })]));
  const events: string[] = [];
  await using mirror = await startMirror({
    name: uniqueName('mirror'),
    report: ({ event }) => void events.push(event),
    source: { bootstrap: source.bootstrap, ...quick },
    target: { bootstrap: target.bootstrap, ...quick },
    topics: [topic],
    rename: (name) => `east.${name}`,
  });
  await mirror.syncTopics();
  const carried = [
    `allow User:bob read literal east.${topic}`,
    `allow User:carol describe literal east.${topic}`,
    `allow User:dave read literal east.${topic}`,
    `allow User:operator read literal east.${topic}`,
    `deny User:mallory all literal east.${topic}`,
  ];
  assert.deepEqual(await rulesOf(target.admin), [`allow User:alice read literal east.${topic}`, ...carried]);
  unwrap(await source.admin.deleteAcls([{ principal: 'User:alice' }]));
  await mirror.syncTopics();
  assert.deepEqual(await rulesOf(target.admin), carried);
  assert.deepEqual(
    events.filter((event) => event.startsWith('acls_')),
    ['acls_kept', 'acls_changed', 'acls_changed'],
  );
});

test('a mirror within a cluster is refused where it would copy its own copies', async (t) => {
  const { bootstrap, admin, createTopic } = await startFixture(t);
  const topic = await createTopic(1);
  const side = { bootstrap, ...quick };
  const start = (topics: (string | RegExp)[], rename: (topic: string) => string) =>
    startMirror({ name: uniqueName('mirror'), source: side, target: side, topics, rename, shards: 1 });
  await assert.rejects(
    start([topic], (name) => name),
    { code: 'mirror_loop', topic, targetTopic: topic },
  );
  await assert.rejects(
    start([/topic-.*/], (name) => `${name}.copy`),
    { code: 'mirror_loop', topic },
  );
  const other = await createTopic(1);
  await assert.rejects(
    start([topic, other], () => 'one'),
    { code: 'target_name_taken', targetTopic: 'one' },
  );
  await using mirror = await start([topic], (name) => `copy.${name}`);
  assert.deepEqual(mirror.topics, [topic]);
  const listed = (await admin.listTopics()).map((each) => each.topic);
  assert.ok(listed.includes(`copy.${topic}`) && !listed.includes('one'));
});

test('a named topic that is not there is waited for, where that is asked for', async (t) => {
  const fixture = await startMirrorFixture(t);
  const [there, later] = [await fixture.source.createTopic(1), uniqueName('later')];
  await assert.rejects(fixture.mirror([there, later]), { code: 'source_topic_missing', topics: [later] });
  const mirror = await fixture.mirror([there, later], { absentTopics: 'await' });
  assert.deepEqual(mirror.topics, [there]);
  await mirror.syncTopics();
  const told = fixture.events.filter(({ event }) => event === 'topic_failed').map(({ topic }) => topic);
  assert.deepEqual(told, [later]);
  unwrap(await fixture.source.admin.createTopics([{ topic: later, partitions: 1 }]));
  await mirror.syncTopics();
  assert.deepEqual(mirror.topics, [there, later].sort());
});

test('configuration is not carried over to topics of which somebody else sets it', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topics = [await source.createTopic(1), await source.createTopic(1)];
  const [others = ''] = topics;
  const mirror = await fixture.mirror(topics, { configuredElsewhere: (topic) => topic === others });
  const changes = [{ name: 'retention.ms', operation: 'set' as const, value: '86400000' }];
  unwrap(await source.admin.incrementalAlterConfigs(topics.map((name) => ({ type: 'topic', name, changes }))));
  await mirror.syncTopics();
  const described = unwrap(await target.admin.describeConfigs(topics.map((name) => ({ type: 'topic', name }))));
  const set = described.map(({ entries }) => entries.find(({ name }) => name === 'retention.ms')?.source === 'topic');
  assert.deepEqual(set, [false, true]);
});

test('who gives up starting a mirror does not wait for clusters that do not answer', async (t) => {
  const { source } = await startMirrorFixture(t);
  const topics = [await source.createTopic(1)];
  const stop = new AbortController();
  const gone = { bootstrap: '127.0.0.1:1', callTimeoutMs: 2 ** 31 - 1, ...quick };
  const name = uniqueName('mirror');
  const there = { bootstrap: source.bootstrap, ...quick };
  const starting = startMirror({ name, source: there, target: gone, topics, signal: stop.signal });
  setTimeout(() => stop.abort(new Error('enough')), 100);
  await assert.rejects(starting, /^Error: enough$/);
  await assert.rejects(startMirror({ name, source: there, target: there, topics, signal: stop.signal }), /enough/);
});
