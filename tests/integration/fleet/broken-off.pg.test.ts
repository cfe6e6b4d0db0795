/**
 * Provisioning that is broken off: by a failure, by kill -9, and right after the approval; and an apply of the fleet by
 * kill -9. Each time it is finished.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { approveRequestContract, resumeOperationContract, showRequestContract } from '@millrace/api/fleet';
import { unwrap } from '@millrace/client';
import { millrace } from '../../support/millrace-command.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { bob, type ClusterAddresses, cyd, openTestOnboarding, root, smallTopic } from './onboarding-fixture.ts';
import { OnboardingPeer } from './onboarding-peer.ts';
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

const open = async () => await openTestOnboarding(await database.emptyDatabase(), clusters);

test('a failure half way leaves what was done, and the next try does the rest', async () => {
  await using fixture = await open();
  const topic = 'shop.halfway';
  // Another topic of that name, with more partitions than are asked for, is in the way in QA, and not seen yet.
  const qa = await fixture.admin('east-qa');
  const request = await fixture.ask(cyd, smallTopic(topic, { partitions: 3, dataClass: 'restricted' }));
  unwrap(await qa.createTopics([{ topic, partitions: 9, replicationFactor: 1 }]));
  const params = { id: request.id ?? '' };
  await fixture.call(bob, approveRequestContract, { params, body: {} });
  const failed = await fixture.until(request, 'failed');
  assert.match(failed.problem ?? '', /is there with 9 partitions/);
  await assert.rejects(fixture.ask(cyd, smallTopic(topic)), /has already/);
  unwrap(await qa.deleteTopics([topic]));
  await fixture.call(root, resumeOperationContract, { params: { id: failed.operation ?? '' }, body: {} });
  const isDone = async () =>
    (await fixture.call(root, showRequestContract, { params: { id: request.id ?? '' } })).state;
  await fixture.test.control.operations.ended(failed.operation ?? '', AbortSignal.timeout(60_000));
  assert.equal(await isDone(), 'done');
});

test('kill -9 in the middle of provisioning, twice: another process finishes, and nothing is done twice', async () => {
  const url = await database.emptyDatabase();
  await using fixture = await openTestOnboarding(url, clusters);
  const { control, database: own } = fixture.test;
  const topic = 'shop.killed';
  // Stays with whoever begins it: this process does none of its operations.
  await control.operations.close();
  await using one = new OnboardingPeer(url, clusters, 'createTopics');
  await one.says('ready');
  const request = await fixture.ask(cyd, smallTopic(topic, { partitions: 4, retentionMs: 3_600_000 }));
  await one.says('did createTopics');
  await using two = new OnboardingPeer(url, clusters, 'incrementalAlterConfigs');
  await two.says('ready');
  const east = await fixture.admin('east');
  const idOf = async () => unwrap(await east.describeTopics([topic]))[0]?.topicId;
  const made = await idOf();
  await one.kill();
  await two.says('did incrementalAlterConfigs');
  await using three = new OnboardingPeer(url, clusters, '');
  await three.says('ready');
  await two.kill();
  const done = await fixture.until(request, 'done');
  // Its last step has said so; the operation ends right after.
  await control.operations.ended(done.operation ?? '', AbortSignal.timeout(60_000));
  await three.kill();
  assert.equal(await idOf(), made);
  const operations = await own.db.selectFrom('operation').select(['id', 'state']).execute();
  assert.deepEqual(operations, [{ id: done.operation, state: 'done' }]);
  const audited = own.db.selectFrom('audit_entry').select(['action', 'kind', 'id']).execute();
  const times = Map.groupBy(await audited, ({ action, kind, id }) => `${action} ${kind} ${id}`);
  assert.deepEqual(
    [...times].filter(([, entries]) => entries.length > 1).map(([what]) => what),
    [],
  );
  const acls = await east.describeAcls({ resourceType: 'topic', resourceName: topic });
  assert.equal(acls.length, 4);
});

test('kill -9 in the middle of a fleet apply, twice: another process finishes, and nothing is done twice', async () => {
  const url = await database.emptyDatabase();
  await using fixture = await openTestOnboarding(url, clusters);
  const { control, database: own } = fixture.test;
  const names = ['applied.one', 'applied.two', 'applied.three'];
  const fleet = {
    topics: [...clusters.keys()].flatMap((cluster) =>
      names.map((name) => ({ name, cluster, owner: 'shop', partitions: 2, configs: { 'retention.ms': 3_600_000 } })),
    ),
    applications: [
      { name: 'applied', team: 'shop', uses: names.map((topic) => ({ cluster: 'east', topic, role: 'producer' })) },
    ],
    quotas: [{ cluster: 'east', user: 'applied.a', limits: { producer_byte_rate: 1_000_000 } }],
  };
  // Stays with whoever begins it: this process does none of its operations.
  await control.operations.close();
  await using one = new OnboardingPeer(url, clusters, 'createTopics');
  await one.says('ready');
  const asked = { principal: root, why: 'a test', confirm: true };
  const { id } = await control.operations.start('fleet_apply', { fleet }, asked);
  await one.says('did createTopics');
  await using two = new OnboardingPeer(url, clusters, 'createAcls');
  await two.says('ready');
  await one.kill();
  const madeOn = async (cluster: string) => {
    const described = await (await fixture.admin(cluster)).describeTopics(names);
    return described.flatMap((each) => (each.error === undefined ? [`${each.topic} ${each.topicId}`] : []));
  };
  const made = await Promise.all([...clusters.keys()].map(madeOn));
  assert.ok(made.flat().length >= 3);
  await two.says('did createAcls');
  await using three = new OnboardingPeer(url, clusters, '');
  await three.says('ready');
  await two.kill();
  assert.equal((await control.operations.ended(id, AbortSignal.timeout(60_000))).state, 'done');
  await three.kill();
  const after = await Promise.all([...clusters.keys()].map(madeOn));
  for (const [index, before] of made.entries()) {
    assert.deepEqual(after[index]?.slice(0, before.length), before, 'none was made anew');
    assert.equal(after[index]?.length, names.length);
  }
  const env = { MILLRACE_URL: fixture.url, MILLRACE_TOKEN: fixture.token };
  const diff = await millrace(['fleet', 'diff', '--json'], { env });
  assert.equal(diff.code, 0, diff.text || diff.stderr);
  assert.equal((await control.operations.plan('fleet_apply', { fleet }, asked)).steps.length, 0);
  const operations = await own.db.selectFrom('operation').select(['id', 'state']).execute();
  assert.deepEqual(operations, [{ id, state: 'done' }]);
  const audited = own.db.selectFrom('audit_entry').select(['action', 'kind', 'id']).execute();
  const times = Map.groupBy(await audited, ({ action, kind, id: what }) => `${action} ${kind} ${what}`);
  assert.deepEqual(
    [...times].filter(([, entries]) => entries.length > 1).map(([what]) => what),
    [],
  );
});

test('what was approved and not begun when its process died is begun by another', async () => {
  await using fixture = await open();
  const request = await fixture.ask(cyd, smallTopic('shop.unbegun', { dataClass: 'restricted' }));
  // As a process leaves it that dies right after the approval.
  await fixture.test.database.db
    .updateTable('onboarding_request')
    .set({ state: 'approved', decided_by: 'user:bob', decided_at: new Date() })
    .where('id', '=', request.id ?? '')
    .execute();
  const done = await fixture.until(request, 'done');
  const { principal } = await fixture.test.control.operations.get(done.operation ?? '');
  assert.equal(principal, 'user:bob');
});
