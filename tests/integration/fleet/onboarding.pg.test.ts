/** Requests from being asked to being done: decided by policies and people, carried out on secured clusters. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Principal } from '@millrace/api';
import {
  type AskedFor,
  approveRequestContract,
  capacityContract,
  clusterCapacityContract,
  commentRequestContract,
  costContract,
  listRequestsContract,
  makePlanContract,
  policyCheckContract,
  type RequestView,
  refuseRequestContract,
  showRequestContract,
  withdrawRequestContract,
} from '@millrace/api/fleet';
import { unwrap } from '@millrace/client';
import { viewer } from './control-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { approvedAndUsed } from './onboarding-behaviours.ts';
import {
  ann,
  bob,
  type ClusterAddresses,
  cyd,
  type OnboardingFixture,
  openTestOnboarding,
  pat,
  root,
  smallTopic,
} from './onboarding-fixture.ts';
import { type SecuredSite, startSecuredSite } from './secured-site.ts';

let database: DatabaseFixture;
let sites: readonly SecuredSite[];
let clusters: ClusterAddresses;
before(async () => {
  [database, ...sites] = await Promise.all([
    startDatabaseFixture(),
    startSecuredSite('east'),
    startSecuredSite('east-qa'),
  ]);
  clusters = new Map(sites.map(({ name, admin }) => [name, admin]));
});
after(async () => {
  await Promise.all(sites.map((site) => site[Symbol.asyncDispose]()));
  await database[Symbol.asyncDispose]();
});

const names = ['east', 'east-qa'];

async function open(): Promise<OnboardingFixture> {
  return await openTestOnboarding(await database.emptyDatabase(), clusters);
}

const decide = (
  fixture: OnboardingFixture,
  contract: typeof approveRequestContract | typeof refuseRequestContract | typeof withdrawRequestContract,
  who: Principal,
  { id = '' }: RequestView,
): Promise<RequestView> => fixture.call(who, contract, { params: { id }, body: { reason: 'looked at it' } });

async function audited({ test: { database: own } }: OnboardingFixture) {
  const all = own.db.selectFrom('audit_entry').select(['principal', 'action', 'kind', 'id', 'after']);
  return await all.orderBy('seq').execute();
}

test('a request that policies refuse is kept with their reasons, and touches nothing', async () => {
  await using fixture = await open();
  const preview = await fixture.preview(cyd, smallTopic('Orders'));
  assert.deepEqual([preview.state, preview.id, preview.verdict.decision], ['preview', undefined, 'refuse']);
  const request = await fixture.ask(cyd, smallTopic('Orders'));
  assert.deepEqual([request.state, request.decidedBy, request.actions], ['refused', 'policies', ['comment']]);
  assert.deepEqual(request.verdict, preview.verdict);
  assert.match(request.verdict.sayings[0]?.message ?? '', /lower-case parts/);
  assert.equal(fixture.test.control.record.current().list('topic').length, 0);
  const { items } = await fixture.call(viewer, listRequestsContract, { query: { state: 'refused' } });
  assert.deepEqual(
    items.map(({ id }) => id),
    [request.id],
  );
  await assert.rejects(decide(fixture, approveRequestContract, root, request), { code: 'conflict' });
});

test('what can not be done whoever decides is an error that names the field, and nothing is stored', async () => {
  await using fixture = await open();
  const wrong: readonly (readonly [Principal, AskedFor, string, RegExp])[] = [
    [cyd, smallTopic('shop.a', { sites: ['north'] }), 'invalid_request', /sites\/0 has no cluster/],
    [cyd, smallTopic('shop.a', { configs: { 'retention.mss': 1 } }), 'invalid_request', /retention\.mss/],
    [cyd, smallTopic('shop.a', { configs: { 'sasl.jaas.config': 'x' } }), 'invalid_request', /is a secret/],
    [cyd, smallTopic('shop.a', { description: '\0' }), 'invalid_request', /NUL/],
    [cyd, smallTopic('shop.a', { partitions: 0 }), 'invalid_request', /shape/],
    [pat, smallTopic('shop.a'), 'forbidden', /may not request/],
    [viewer, smallTopic('shop.a'), 'forbidden', /may not request/],
  ];
  for (const [who, asked, code, message] of wrong) await assert.rejects(fixture.ask(who, asked), { code, message });
  assert.deepEqual((await fixture.call(root, listRequestsContract, { query: {} })).items, []);
});

test('a request that waits is decided by another owner or an admin, never by whoever made it', async () => {
  await using fixture = await open();
  const asked = smallTopic('shop.cards', { dataClass: 'restricted', applications: [] });
  const request = await fixture.ask(ann, asked);
  const { id = '' } = request;
  assert.deepEqual([request.state, request.verdict.sayings[0]?.policy], ['waiting', 'data-class-protected']);
  const own = { code: 'forbidden', message: /can't approve it/ };
  await assert.rejects(decide(fixture, approveRequestContract, ann, request), own);
  for (const other of [cyd, pat, viewer]) {
    await assert.rejects(decide(fixture, approveRequestContract, other, request), { code: 'forbidden' });
    await assert.rejects(decide(fixture, refuseRequestContract, other, request), { code: 'forbidden' });
    await assert.rejects(decide(fixture, withdrawRequestContract, other, request), { code: 'forbidden' });
  }
  const comment = (who: Principal, text: string) =>
    fixture.call(who, commentRequestContract, { params: { id }, body: { text } });
  await assert.rejects(comment(pat, 'hm'), { code: 'forbidden' });
  await comment(cyd, 'is it encrypted?');
  await assert.rejects(fixture.ask(cyd, asked), { code: 'conflict', message: /asked for already/ });
  const waits = async (who: Principal) =>
    (await fixture.call(who, listRequestsContract, { query: { awaitsMe: true } })).items.length;
  assert.deepEqual([await waits(ann), await waits(bob), await waits(pat), await waits(root)], [0, 1, 0, 1]);
  const both = await Promise.allSettled([
    decide(fixture, approveRequestContract, bob, request),
    decide(fixture, refuseRequestContract, bob, request),
  ]);
  assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1);
  const decided = await fixture.call(ann, showRequestContract, { params: { id } });
  const told = [decided.decidedBy, decided.reason, decided.comments[0]?.by];
  assert.deepEqual(told, ['user:bob', 'looked at it', 'user:cyd']);
  const entries = (await audited(fixture)).filter(({ kind }) => kind === 'request');
  assert.deepEqual(
    entries.slice(0, 3).map(({ principal, action }) => `${principal} ${action}`),
    [
      'user:ann request.created',
      'user:cyd request.commented',
      `user:bob request.${decided.state === 'refused' ? 'refused' : 'approved'}`,
    ],
  );
  assert.match(JSON.stringify(entries[0]?.after), /data-class-protected/);
});

test('what policies approve is made in production and QA, and only who was granted it may produce', async () => {
  await using fixture = await open();
  await approvedAndUsed(fixture, sites, 'shop.orders');
});

test('policies of the fleet replace those that come with it; one that can not be evaluated asks a person', async () => {
  await using fixture = await open();
  const { record } = fixture.test.control;
  const declare = (name: string, when: string, decision: 'refuse' | 'approve') => {
    const spec = { name, when, decision, message: 'the shop is closed' };
    return record.change([{ kind: 'policy', id: name, spec }], { principal: root, why: 'a test' });
  };
  await assert.rejects(declare('naming', 'request.topc == "x"', 'refuse'), /did you mean topic\?/);
  await declare('naming', 'request.topic.startsWith("closed")', 'refuse');
  const names = async (asked: AskedFor) =>
    (await fixture.preview(cyd, asked)).verdict.sayings.map((each) => each.policy);
  assert.deepEqual(await names(smallTopic('Orders')), ['small']);
  assert.deepEqual(await names(smallTopic('closed')), ['naming', 'small']);
  await declare('broken', 'request.configs["none"] == "x"', 'approve');
  const { verdict } = await fixture.preview(cyd, smallTopic('shop.open'));
  assert.deepEqual([verdict.decision, verdict.sayings[0]?.policy, verdict.sayings[0]?.failed], ['ask', 'broken', true]);
  const request = await fixture.ask(cyd, smallTopic('shop.open'));
  const policies = [
    { name: 'one', when: 'request.partitions < 100', decision: 'refuse' as const },
    { name: 'two', when: 'request.', decision: 'refuse' as const },
  ];
  const checked = await fixture.call(viewer, policyCheckContract, { body: { policies, request: request.id ?? '' } });
  assert.deepEqual(
    checked.issues.map(({ policy }) => policy),
    ['two'],
  );
  assert.deepEqual([checked.verdict?.decision, checked.verdict?.sayings.length], ['refuse', 1]);
});

test('a budget is not overdrawn by who asks for much at once, also in several processes', async () => {
  const url = await database.emptyDatabase();
  await using one = await openTestOnboarding(url, clusters);
  await using other = await openTestOnboarding(url, clusters);
  const spec = { name: 'tiny', budget: { topics: 2 } };
  await one.test.control.record.change([{ kind: 'team', id: 'tiny', spec }], { principal: root, why: 'a test' });
  const asked = (name: string) => smallTopic(`tiny.${name}`, { owner: 'tiny', applications: [] });
  const requests = await Promise.all([
    ...['a', 'b', 'c'].map((name) => one.ask(root, asked(name))),
    ...['d', 'e', 'f'].map((name) => other.ask(root, asked(name))),
  ]);
  const approved = requests.filter(({ verdict }) => verdict.decision === 'approve');
  assert.equal(approved.length, 2);
  for (const { verdict } of requests.filter((each) => !approved.includes(each))) {
    assert.deepEqual([verdict.decision, verdict.sayings[0]?.policy], ['ask', 'budget']);
  }
  for (const request of approved) await one.until(request, 'done');
});

test('a key that is used again asks for the same, or for nothing', async () => {
  await using fixture = await open();
  const first = await fixture.ask(cyd, smallTopic('Wrong'), 'a-key');
  const [again, atOnce] = await Promise.all([
    fixture.ask(cyd, smallTopic('Wrong'), 'a-key'),
    fixture.ask(cyd, smallTopic('Wrong'), 'a-key'),
  ]);
  assert.deepEqual([again.id, atOnce.id], [first.id, first.id]);
  await assert.rejects(fixture.ask(cyd, smallTopic('Other'), 'a-key'), { code: 'conflict', message: /used before/ });
});

test('groups and transactional ids of another team are not to be had by asking', async () => {
  await using fixture = await open();
  const spec = { name: 'ledger', team: 'pay', uses: [{ cluster: 'east', topic: 'x*', role: 'consumer' as const }] };
  const change = { kind: 'application' as const, id: 'ledger', spec };
  await fixture.test.control.record.change([change], { principal: root, why: 'a test' });
  const reading = (groups: string[]) =>
    smallTopic('shop.reads', { applications: [{ name: 'shop.reader', role: 'consumer', groups }] });
  for (const groups of [['ledger'], ['l*'], ['*']]) {
    await assert.rejects(fixture.ask(cyd, reading(groups)), { code: 'invalid_request', message: /would give shop/ });
  }
  const { verdict } = await fixture.preview(cyd, reading(['legacy']));
  assert.deepEqual([verdict.decision, verdict.sayings[0]?.policy], ['ask', 'others-names']);
  assert.equal((await fixture.preview(cyd, reading(['shop.reader']))).verdict.decision, 'approve');
});

test('what was approved is begun again by who may decide of it, and by nobody else', async () => {
  await using fixture = await open();
  const request = await fixture.until(await fixture.ask(cyd, smallTopic('shop.begun', { applications: [] })), 'done');
  const plan = { kind: 'onboard', input: { request: request.id ?? '' } };
  for (const who of [cyd, pat]) {
    await assert.rejects(fixture.call(who, makePlanContract, { body: plan }), { code: 'forbidden' });
  }
  await assert.rejects(fixture.call(bob, makePlanContract, { body: plan }), { code: 'conflict', message: /is done/ });
});

test('access to the topic of others is for their owners to give', async () => {
  await using fixture = await open();
  const topic = 'shop.stock';
  await fixture.until(await fixture.ask(cyd, smallTopic(topic)), 'done');
  const application = { name: 'audit', team: 'pay', role: 'consumer' } as const;
  const asked = { kind: 'access', topic, cluster: 'east', application } as const;
  await assert.rejects(fixture.ask(cyd, asked), { code: 'forbidden' });
  const request = await fixture.ask(pat, asked);
  assert.deepEqual([request.state, request.team, request.owner], ['waiting', 'pay', 'shop']);
  await assert.rejects(decide(fixture, approveRequestContract, pat, request), { code: 'forbidden' });
  await fixture.until(await decide(fixture, approveRequestContract, bob, request), 'done');
  const acls = await (await fixture.admin('east')).describeAcls({ principal: 'User:audit.a' });
  assert.ok(acls.some(({ resourceName, operation }) => resourceName === topic && operation === 'read'));
  await assert.rejects(fixture.ask(pat, asked), /has this access already/);
});

test('more partitions come at once, a shorter retention and a retirement after somebody has agreed', async () => {
  await using fixture = await open();
  const topic = 'shop.short';
  await fixture.until(await fixture.ask(cyd, smallTopic(topic)), 'done');
  const change = { kind: 'change', topic, cluster: 'east' } as const;
  await fixture.until(await fixture.ask(cyd, { ...change, partitions: 7 }), 'done');
  const shorter = await fixture.ask(cyd, { ...change, retentionMs: 3_600_000 });
  assert.deepEqual([shorter.state, shorter.verdict.sayings[0]?.policy], ['waiting', 'records-lost']);
  await fixture.until(await decide(fixture, approveRequestContract, bob, shorter), 'done');
  const east = await fixture.admin('east');
  const [described] = unwrap(await east.describeTopics([topic]));
  assert.equal(described?.partitions.length, 7);
  const [configs] = unwrap(await east.describeConfigs([{ type: 'topic', name: topic, keys: ['retention.ms'] }]));
  assert.equal(configs?.entries[0]?.value, '3600000');
  const capacity = await fixture.call(viewer, clusterCapacityContract, { params: { cluster: 'east' }, query: {} });
  assert.ok(capacity.lines.length > 0 && capacity.capacity.topics >= 1);
  const all = await fixture.call(viewer, capacityContract, { query: { factor: 1_000, environment: 'production' } });
  assert.deepEqual([all.clusters.map(({ cluster }) => cluster), all.season?.factor], [['east'], 1_000]);
  const cost = await fixture.call(viewer, costContract, { query: { by: 'topic', team: 'shop' } });
  assert.deepEqual(
    cost.rows.map(({ name }) => name),
    [`east/${topic}`],
  );
  const gone = await fixture.ask(cyd, { kind: 'retirement', topic, cluster: 'east' });
  assert.equal(gone.state, 'waiting');
  await fixture.until(await decide(fixture, approveRequestContract, ann, gone), 'done');
  for (const cluster of names) {
    const there = (await (await fixture.admin(cluster)).listTopics()).map((each) => each.topic);
    assert.ok(!there.includes(topic), `${cluster} has ${there.join(', ')}`);
  }
  assert.deepEqual(await east.describeAcls({ resourceType: 'topic', resourceName: topic }), []);
  assert.deepEqual(fixture.test.control.record.current().get('application', `${topic}.writer`)?.spec.uses, []);
});
