/**
 * Requests from being asked to being done: decided by policies and people, carried out on clusters with an authorizer.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AskedFor, RequestState, RequestView } from '@millrace/api/fleet';
import { unwrap } from '@millrace/client';
import { eventually } from '../../support/eventually.ts';
import { viewer } from './control-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import {
  ann,
  bob,
  cyd,
  declareFleet,
  type OnboardingFixture,
  openTestOnboarding,
  pat,
  root,
  startTestClusters,
  type TestClusters,
} from './onboarding-fixture.ts';
import { OnboardingPeer, produceAs } from './onboarding-peer.ts';

let database: DatabaseFixture;
let clusters: TestClusters;
before(async () => {
  [database, clusters] = await Promise.all([startDatabaseFixture(), startTestClusters()]);
});
after(async () => {
  await clusters[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const why = 'for the shop';
const topicAsked = (name: string, more: object = {}): AskedFor => ({
  kind: 'topic',
  name,
  owner: 'shop',
  dataClass: 'internal',
  replicas: 1,
  expected: { recordsPerSecond: 10, recordBytes: 1_000 },
  applications: [{ name: `${name}.writer`, role: 'producer' }],
  ...more,
});

async function open(): Promise<OnboardingFixture & { readonly url: string }> {
  const url = await database.emptyDatabase();
  const fixture = await openTestOnboarding(url, clusters.addresses);
  await declareFleet(fixture, clusters.addresses);
  return { ...fixture, url, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

async function until(
  { onboarding }: OnboardingFixture,
  { id = '' }: RequestView,
  state: RequestState,
): Promise<RequestView> {
  let seen = await onboarding.show(id, root);
  await eventually(
    async () => {
      seen = await onboarding.show(id, root);
      return seen.state === state || (seen.state === 'failed' && state !== 'failed');
    },
    { timeoutMs: 60_000, describe: () => `it is ${seen.state} and not ${state}: ${seen.problem ?? ''}` },
  );
  assert.equal(seen.state, state, seen.problem);
  return seen;
}

test('a request that policies refuse is kept with their reasons, and touches nothing', async () => {
  await using fixture = await open();
  const { onboarding } = fixture;
  const asking = { principal: cyd, why };
  const preview = await onboarding.preview(topicAsked('Orders'), asking);
  assert.deepEqual([preview.state, preview.id, preview.verdict.decision], ['preview', undefined, 'refuse']);
  const request = await onboarding.create(topicAsked('Orders'), asking);
  assert.deepEqual([request.state, request.decidedBy, request.actions], ['refused', 'policies', ['comment']]);
  assert.deepEqual(request.verdict, preview.verdict);
  assert.match(request.verdict.sayings[0]?.message ?? '', /lower-case parts/);
  assert.equal(fixture.test.control.record.current().list('topic').length, 0);
  const { items } = await onboarding.list({ state: 'refused' });
  assert.deepEqual(
    items.map(({ id }) => id),
    [request.id],
  );
  await assert.rejects(onboarding.approve(request.id ?? '', { principal: root, reason: '' }), { code: 'conflict' });
});

test('a request that waits is decided by another owner or an admin, never by whoever made it', async () => {
  await using fixture = await open();
  const { onboarding } = fixture;
  const asked = topicAsked('shop.cards', { dataClass: 'restricted', applications: [] });
  const request = await onboarding.create(asked, { principal: ann, why });
  const { id = '' } = request;
  assert.deepEqual([request.state, request.verdict.sayings[0]?.policy], ['waiting', 'data-class-protected']);
  const deciding = (principal: typeof ann) => ({ principal, reason: 'looked at it' });
  await assert.rejects(onboarding.approve(id, deciding(ann)), { code: 'forbidden', message: /can't approve it/ });
  for (const other of [cyd, pat, viewer]) {
    await assert.rejects(onboarding.approve(id, deciding(other)), { code: 'forbidden' });
    await assert.rejects(onboarding.refuse(id, deciding(other)), { code: 'forbidden' });
  }
  await assert.rejects(onboarding.comment(id, pat, 'hm'), { code: 'forbidden' });
  await onboarding.comment(id, cyd, 'is it encrypted?');
  await assert.rejects(onboarding.create(asked, { principal: cyd, why }), { code: 'conflict', message: /already/ });
  const waits = async (principal: typeof ann) => (await onboarding.list({ awaits: principal })).items.length;
  assert.deepEqual([await waits(ann), await waits(bob), await waits(pat), await waits(root)], [0, 1, 0, 1]);
  const both = await Promise.allSettled([onboarding.approve(id, deciding(bob)), onboarding.refuse(id, deciding(bob))]);
  assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1);
  const decided = await onboarding.show(id, ann);
  assert.deepEqual(
    [decided.decidedBy, decided.reason, decided.comments[0]?.by],
    ['user:bob', 'looked at it', 'user:cyd'],
  );
  const audited = await fixture.test.database.db
    .selectFrom('audit_entry')
    .select(['principal', 'action', 'why', 'after'])
    .where('kind', '=', 'request')
    .orderBy('seq')
    .execute();
  assert.deepEqual(
    audited.slice(0, 3).map(({ principal, action }) => [principal, action]),
    [
      ['user:ann', 'request.created'],
      ['user:cyd', 'request.commented'],
      ['user:bob', decided.state === 'refused' ? 'request.refused' : 'request.approved'],
    ],
  );
  assert.match(JSON.stringify(audited[0]?.after), /data-class-protected/);
});

test('what policies approve is made in production and QA, and only who was granted it may produce', async () => {
  await using fixture = await open();
  const { onboarding } = fixture;
  const topic = 'shop.orders';
  const asked = topicAsked(topic, {
    applications: [
      { name: 'checkout', role: 'producer' },
      { name: 'ledger', role: 'consumer' },
    ],
  });
  const asking = { principal: cyd, why, idempotencyKey: 'once' };
  const request = await onboarding.create(asked, asking);
  assert.equal(request.verdict.decision, 'approve', JSON.stringify(request.verdict.sayings));
  assert.equal((await onboarding.create(asked, asking)).id, request.id);
  const done = await until(fixture, request, 'done');
  assert.deepEqual([done.decidedBy, done.requester], ['policies', 'user:cyd']);
  const current = await fixture.test.control.record.read();
  for (const cluster of clusters.addresses.keys()) {
    const [described] = await fixture.client(cluster).admin().describeTopics([topic]);
    assert.equal(described?.error, undefined, cluster);
    assert.equal(described?.partitions.length, current.get('topic', `${cluster}/${topic}`)?.spec.partitions);
    for (const name of ['checkout.a', 'stranger']) {
      const user = { user: name, mechanism: 'SCRAM-SHA-256', password: 'a-password-of-a-test' } as const;
      unwrap(await fixture.client(cluster).admin().alterScramCredentials([user]));
    }
    const login = (username: string) => ({ username, password: 'a-password-of-a-test' });
    assert.equal(await produceAs(clusters.addresses.get(cluster), topic, login('checkout.a')), 'produced');
    assert.equal(
      await produceAs(clusters.addresses.get(cluster), topic, login('stranger')),
      'TOPIC_AUTHORIZATION_FAILED',
    );
  }
});

test('access to the topic of others is for their owners to give', async () => {
  await using fixture = await open();
  const { onboarding } = fixture;
  const topic = 'shop.stock';
  await until(fixture, await onboarding.create(topicAsked(topic), { principal: cyd, why }), 'done');
  const application = { name: 'audit', team: 'pay', role: 'consumer' } as const;
  const asked = { kind: 'access', topic, cluster: 'east', application } as const;
  await assert.rejects(onboarding.create(asked, { principal: cyd, why }), { code: 'forbidden' });
  const request = await onboarding.create(asked, { principal: pat, why });
  assert.deepEqual([request.state, request.team, request.owner], ['waiting', 'pay', 'shop']);
  const { id = '' } = request;
  await assert.rejects(onboarding.approve(id, { principal: pat, reason: '' }), { code: 'forbidden' });
  await until(fixture, await onboarding.approve(id, { principal: bob, reason: 'they need it' }), 'done');
  const acls = await fixture.client('east').admin().describeAcls({ principal: 'User:audit.a' });
  assert.ok(acls.some(({ resourceName, operation }) => resourceName === topic && operation === 'read'));
  await assert.rejects(onboarding.create(asked, { principal: pat, why }), /has this access already/);
});

test('more partitions come at once, a retirement after somebody has agreed, and then nothing is left', async () => {
  await using fixture = await open();
  const { onboarding } = fixture;
  const topic = 'shop.short';
  await until(fixture, await onboarding.create(topicAsked(topic), { principal: cyd, why }), 'done');
  const change = { kind: 'change', topic, cluster: 'east', partitions: 7, retentionMs: 3_600_000 } as const;
  await until(fixture, await onboarding.create(change, { principal: cyd, why }), 'done');
  const east = fixture.client('east').admin();
  const [described] = unwrap(await east.describeTopics([topic]));
  assert.equal(described?.partitions.length, 7);
  const [configs] = unwrap(await east.describeConfigs([{ type: 'topic', name: topic, keys: ['retention.ms'] }]));
  assert.equal(configs?.entries[0]?.value, '3600000');
  const gone = await onboarding.create({ kind: 'retirement', topic, cluster: 'east' }, { principal: cyd, why });
  assert.equal(gone.state, 'waiting');
  await until(fixture, await onboarding.approve(gone.id ?? '', { principal: ann, reason: 'over' }), 'done');
  for (const cluster of clusters.addresses.keys()) {
    const names = (await fixture.client(cluster).admin().listTopics()).map((each) => each.topic);
    assert.ok(!names.includes(topic), `${cluster} has ${names.join(', ')}`);
  }
  assert.deepEqual(await east.describeAcls({ resourceType: 'topic', resourceName: topic }), []);
  assert.deepEqual(fixture.test.control.record.current().get('application', `${topic}.writer`)?.spec.uses, []);
});

test('a failure half way leaves what was done, and the next try does the rest', async () => {
  await using fixture = await open();
  const { onboarding, test: control } = fixture;
  const topic = 'shop.halfway';
  // Another topic of that name, with more partitions than are asked for, is in the way on the last cluster.
  const last = [...clusters.addresses.keys()].at(-1) ?? '';
  unwrap(
    await fixture
      .client(last)
      .admin()
      .createTopics([{ topic, partitions: 9, replicationFactor: 1 }]),
  );
  const request = await onboarding.create(topicAsked(topic, { partitions: 3 }), { principal: cyd, why });
  const failed = await until(fixture, request, 'failed');
  assert.match(failed.problem ?? '', /is there with 9 partitions/);
  unwrap(await fixture.client(last).admin().deleteTopics([topic]));
  await assert.rejects(onboarding.create(topicAsked(topic), { principal: cyd, why }), /has already/);
  const operations = control.control.operations.routes.find(({ contract }) => contract.path.endsWith('/resume'));
  await operations?.handle({ params: { id: failed.operation }, body: {}, principal: root } as never);
  await until(fixture, request, 'done');
});

test('kill -9 in the middle of provisioning, twice: another process finishes, and nothing is done twice', async () => {
  await using fixture = await open();
  const { url, onboarding, test: control } = fixture;
  const topic = 'shop.killed';
  const asked = topicAsked(topic, { partitions: 4 });
  // Stays with whoever begins it: this process does none of its operations.
  await control.control.operations.close();
  await using one = new OnboardingPeer(url, clusters, 'createTopics');
  await one.says('ready');
  const request = await onboarding.create(asked, { principal: cyd, why });
  await one.says('did createTopics');
  await using two = new OnboardingPeer(url, clusters, 'describeTopics');
  await two.says('ready');
  const idOf = async () => unwrap(await fixture.client('east').admin().describeTopics([topic]))[0]?.topicId;
  const made = await idOf();
  await one.kill();
  await two.says('did describeTopics');
  await using three = new OnboardingPeer(url, clusters, '');
  await three.says('ready');
  await two.kill();
  const done = await until(fixture, request, 'done');
  // Its last step has said so; the operation ends right after.
  await control.control.operations.ended(done.operation ?? '', AbortSignal.timeout(60_000));
  await three.kill();
  assert.equal(await idOf(), made);
  const operations = await control.database.db.selectFrom('operation').selectAll().execute();
  assert.deepEqual(
    operations.map(({ id, state }) => [id, state]),
    [[done.operation, 'done']],
  );
  const audited = await control.database.db.selectFrom('audit_entry').select(['action', 'kind', 'id']).execute();
  const times = new Map<string, number>();
  for (const { action, kind, id } of audited) {
    const key = `${action} ${kind} ${id}`;
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  const twice = [...times].filter(([key, count]) => count > 1 && !key.startsWith('declared.created cluster'));
  assert.deepEqual(twice, []);
  const acls = await fixture.client('east').admin().describeAcls({ resourceType: 'topic', resourceName: topic });
  assert.equal(acls.length, 4);
});

test('what was approved and not begun when its process died is begun by another', async () => {
  await using fixture = await open();
  const asked = topicAsked('shop.unbegun', { dataClass: 'restricted' });
  const { id = '' } = await fixture.onboarding.create(asked, { principal: cyd, why });
  // As a process leaves it that dies right after the approval.
  await fixture.test.database.db
    .updateTable('onboarding_request')
    .set({ state: 'approved', decided_by: 'user:bob', decided_at: new Date() })
    .where('id', '=', id)
    .execute();
  const done = await until(fixture, await fixture.onboarding.show(id, root), 'done');
  const { principal } = await fixture.test.control.operations.get(done.operation ?? '');
  assert.equal(principal, 'user:bob');
});
