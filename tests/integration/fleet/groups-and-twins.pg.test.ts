/** Resets of groups, and twins: plans on real clusters, one of which is made by the plan. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { MaskRule } from '@millrace/api/fleet';
import { type Client, unwrap } from '@millrace/client';
import { eventually } from '../../support/eventually.ts';
import { cutOff } from './cut-off.ts';
import type { PlansFixture } from './plans-fixture.ts';
import { startTwinFixture, type TwinFixture } from './twin-fixture.ts';

let all: TwinFixture;
let fixture: PlansFixture;
let client: Client;

before(async () => {
  all = await startTwinFixture();
  ({ plans: fixture, client } = all);
});
after(() => all?.[Symbol.asyncDispose]());

const reset = (to: object, more: object = {}) =>
  fixture.plan('group_reset', { cluster: 'prod', group: 'readers', to, ...more });

async function commit(offsets: readonly number[]): Promise<void> {
  await using admin = client.admin();
  const places = offsets.map((offset, partition) => ({ topic: 'clicks', partition, offset }));
  unwrap(await admin.commitOffsets('readers', places));
}

async function committed(): Promise<number[]> {
  await using admin = client.admin();
  const offsets = unwrap(await admin.fetchOffsets('readers'));
  return offsets.toSorted((one, other) => one.partition - other.partition).map(({ offset }) => offset);
}

test('a reset shows its moves, and commits where they lead however busy the topic is', async () => {
  await all.makeTopic('clicks', 2);
  const values = Array.from({ length: 10 }, (_, n) => ({ value: `${n}`, partition: n < 6 ? 0 : 1 }));
  await all.produce('clicks', values);
  await commit([4, 4]);
  const back = await reset({ kind: 'shift', by: -2 });
  assert.equal(back.destructive, false);
  assert.deepEqual(back.notes, [
    'as the topics are now, 0 offsets are skipped and 4 read again',
    'clicks [0]: 4 to 2, 2 read again',
    'clicks [1]: 4 to 2, 2 read again',
  ]);
  const { steps } = await fixture.apply(back);
  assert.deepEqual(await committed(), [2, 2]);
  const moves = steps[0]?.result as { readonly to: number }[];
  assert.deepEqual(
    moves.map(({ to }) => to),
    [2, 2],
  );
  const latest = await reset({ kind: 'latest' });
  assert.equal(latest.destructive, true, 'records are skipped');
  await all.produce('clicks', [{ value: 'late', partition: 0 }]);
  await fixture.apply(latest);
  assert.deepEqual(await committed(), [7, 4], 'a topic that went on made the plan not stale');
  await fixture.apply(await reset({ kind: 'time', time: new Date(5_000).toISOString() }));
  assert.deepEqual(await committed(), [5, 0]);
  await fixture.apply(await reset({ kind: 'earliest' }, { topics: [{ topic: 'clicks', partitions: [0] }] }));
  assert.deepEqual(await committed(), [0, 0]);
  await fixture.apply(await reset({ kind: 'offset', offset: 3 }));
  await fixture.apply(await reset({ kind: 'tail', records: 1 }));
  assert.deepEqual(await committed(), [6, 3]);
});

test('a reset is refused of a live group, and of one that has moved since', async () => {
  const stale = await reset({ kind: 'earliest' });
  await commit([1, 1]);
  await assert.rejects(fixture.apply(stale), { code: 'stale_plan' });
  assert.deepEqual((await reset({ kind: 'offset', offset: 1 })).steps, [], 'they are there already');
  await assert.rejects(reset({ kind: 'earliest' }, { topics: [{ topic: 'none' }] }), { code: 'not_found' });
  const absent = fixture.plan('group_reset', { cluster: 'prod', group: 'nobody', to: { kind: 'earliest' } });
  await assert.rejects(absent, { code: 'not_found', message: /has no offsets on prod; name the topics/ });
  await using admin = client.admin();
  await using consumer = client.consumer({ group: 'readers', topics: ['clicks'] });
  const first = consumer.batches().next();
  await eventually(async () => unwrap(await admin.describeGroups(['readers']))[0]?.state === 'Stable');
  await assert.rejects(reset({ kind: 'latest' }), {
    code: 'conflict',
    message: /readers on prod is Stable with 1 member: .* stop its consumers first/,
  });
  await first;
});

test('who may not operate the group gets no plan of it', async () => {
  const spec = { name: 'web', team: 'shop', uses: [{ cluster: 'prod', topic: 'clicks', role: 'consumer' as const }] };
  await fixture.declare({ kind: 'team', id: 'shop', spec: { name: 'shop' } }, { kind: 'application', id: 'web', spec });
  const owner = { kind: 'user', name: 'olga', role: 'owner', teams: [{ name: 'shop', role: 'owner' }] } as const;
  const input = { cluster: 'prod', group: 'web.readers', to: { kind: 'earliest' }, topics: [{ topic: 'clicks' }] };
  assert.equal((await fixture.plan('group_reset', input, { ...owner, teams: [...owner.teams] })).steps.length, 1);
  const other = { ...owner, teams: [{ name: 'billing', role: 'owner' as const }] };
  await assert.rejects(fixture.plan('group_reset', input, other), { code: 'forbidden' });
  await assert.rejects(
    fixture.plan('group_reset', { ...input, group: 'webs' }, { ...owner, teams: [...owner.teams] }),
    {
      code: 'forbidden',
    },
  );
});

test('a twin has brokers, racks, topics, access and quotas of its source, and is one to one with it', async () => {
  await all.makeTopic('orders', 3, { 'retention.ms': '1000000', 'min.insync.replicas': '2' });
  await using admin = client.admin();
  const acl = {
    resourceType: 'topic',
    resourceName: 'orders',
    patternType: 'literal',
    principal: 'User:orders',
    host: '*',
    operation: 'write',
    permission: 'allow',
  } as const;
  unwrap(await admin.createAcls([acl]));
  unwrap(await admin.alterClientQuotas([{ entity: { user: 'orders' }, set: { producer_byte_rate: 1_000 } }]));
  const plan = await fixture.plan('twin_create', { name: 'qa', source: 'prod' });
  assert.deepEqual(
    plan.steps.map(({ title }) => title),
    ['Start qa with 3 brokers, declared as the twin of prod', 'Make its topics', 'Set access and quotas'],
  );
  await fixture.apply(plan);
  assert.equal(fixture.record.current().get('cluster', 'qa')?.spec.twinOf, 'prod');
  const sync = await fixture.plan('twin_sync', { twin: 'qa' });
  assert.deepEqual(sync.steps, []);
  assert.deepEqual(sync.notes, ['orders has no credentials on the twin; they are issued there, and never copied']);
  const qa = await fixture.clusters.client('qa');
  await using qaAdmin = qa.admin();
  const [described] = unwrap(await qaAdmin.describeTopics(['orders']));
  const [wanted] = unwrap(await admin.describeTopics(['orders']));
  assert.deepEqual(
    described?.partitions.map(({ replicas }) => replicas),
    wanted?.partitions.map(({ replicas }) => replicas),
  );
  assert.deepEqual(
    (await qaAdmin.describeCluster()).brokers.map(({ rack }) => rack),
    ['zone-0', 'zone-1', 'zone-2'],
  );
  await assert.rejects(fixture.plan('twin_create', { name: 'qa', source: 'prod' }), { code: 'conflict' });
});

test('a twin that went its own way is brought back, and loses only what is named', async () => {
  const qa = await fixture.clusters.client('qa');
  await using admin = client.admin();
  await using qaAdmin = qa.admin();
  await all.makeTopic('new', 1);
  unwrap(await admin.createPartitions([{ topic: 'orders', totalCount: 4 }]));
  unwrap(await qaAdmin.createTopics([{ topic: 'experiment', partitions: 1, replicationFactor: 1 }]));
  const change = { type: 'topic', name: 'orders' } as const;
  unwrap(
    await qaAdmin.incrementalAlterConfigs([
      {
        ...change,
        changes: [
          { name: 'retention.ms', operation: 'set', value: '2000000' },
          { name: 'cleanup.policy', operation: 'set', value: 'compact' },
        ],
      },
    ]),
  );
  unwrap(await qaAdmin.deleteAcls([{ principal: 'User:orders' }]));
  unwrap(await qaAdmin.alterClientQuotas([{ entity: { user: 'orders' }, set: { consumer_byte_rate: 5 } }]));
  const plan = await fixture.plan('twin_sync', { twin: 'qa' });
  assert.deepEqual(
    plan.steps.map(({ title, destructive }) => [title, destructive]),
    [
      ['Make new', false],
      ['Add partitions to orders', false],
      ['Configure orders', true],
      ['Grant topic literal orders User:orders * write allow', false],
      ['Set the quotas of user=orders', false],
    ],
  );
  assert.ok(plan.notes.some((note) => note.includes('experiment; stays unless named: topic experiment')));
  await fixture.apply(plan);
  assert.deepEqual((await fixture.plan('twin_sync', { twin: 'qa' })).steps, []);
  await fixture.apply(await fixture.plan('twin_sync', { twin: 'qa', remove: ['topic experiment'] }));
  await assert.rejects(fixture.plan('twin_sync', { twin: 'qa', remove: ['topic experiment'] }), { code: 'not_found' });
  await assert.rejects(fixture.plan('twin_sync', { twin: 'prod' }), {
    code: 'conflict',
    message: /not declared as the twin/,
  });
});

test('a sample is copied once, masked, and not at all where nobody has said how', async () => {
  await all.makeTopic('people', 2);
  await all.makeTopic('visits', 2);
  await fixture.apply(await fixture.plan('twin_sync', { twin: 'qa' }));
  const spec = { cluster: 'prod', partitions: 2, owner: 'shop' } as const;
  await fixture.declare(
    { kind: 'topic', id: 'prod/people', spec: { ...spec, name: 'people', dataClass: 'restricted' } },
    { kind: 'topic', id: 'prod/visits', spec: { ...spec, name: 'visits', dataClass: 'internal' } },
  );
  const people = Array.from({ length: 40 }, (_, n) => {
    return { key: `p${n}`, value: JSON.stringify({ id: `p${n}`, name: `Ann ${n}`, age: n }), partition: n % 2 };
  });
  await all.produce('people', people);
  await all.produce(
    'visits',
    people.map(({ key, partition }) => ({ value: JSON.stringify({ by: key, page: '/' }), partition })),
  );
  const topics = [{ topic: 'people', records: 20 }, { topic: 'visits' }];
  await assert.rejects(fixture.plan('sample_copy', { twin: 'qa', topics }), {
    code: 'conflict',
    message: /people is restricted: its records are copied with rules/,
  });
  const rules: MaskRule[] = [
    { topics: ['people'], part: 'value', pointer: '/id', mask: 'hash' },
    { topics: ['people'], part: 'value', pointer: '/age', mask: 'keep' },
    { topics: ['visits'], part: 'value', pointer: '/by', mask: 'hash' },
  ];
  const plan = await fixture.plan('sample_copy', { twin: 'qa', topics, rules });
  const { steps } = await fixture.apply(plan);
  assert.deepEqual(
    steps.map(({ result }) => result),
    [
      { copied: 20, leftOut: 0, partitions: 2 },
      { copied: 40, leftOut: 0, partitions: 2 },
    ],
  );
  const qa = await fixture.clusters.client('qa');
  const read = async (topic: string) => {
    await using consumer = qa.consumer({
      topics: [topic],
      from: 'earliest',
      until: 'end',
      isolation: 'read_committed',
    });
    const found: { key: string | null; value: Record<string, unknown>; timestamp: number }[] = [];
    for await (const { keyBytes, valueBytes, timestamp } of consumer.records()) {
      const key = keyBytes === null ? null : Buffer.from(keyBytes).toString();
      found.push({ key, value: JSON.parse(Buffer.from(valueBytes ?? []).toString()), timestamp });
    }
    return found;
  };
  const [masked, visits] = [await read('people'), await read('visits')];
  assert.equal(masked.length, 20);
  for (const { key, value, timestamp } of masked) {
    assert.equal(value['name'], '[redacted]');
    assert.equal(value['id'], key, 'the key is masked as the field is');
    assert.equal(timestamp, Number(value['age']) * 1_000);
    assert.equal(visits.filter(({ value: visit }) => visit['by'] === key).length, 1, 'joins hold');
  }
  assert.ok(visits.every(({ value }) => value['page'] === '/'));
  await using qaAdmin = qa.admin();
  assert.deepEqual(await qaAdmin.listGroups(), []);
});

test('a step that is cut off is finished by its next try: a shift shifts once, a record is copied once', async () => {
  const runCutOff = (name: string, input: object) => cutOff(all.kinds.get(name) ?? assert.fail(name), input);
  await commit([4, 2]);
  await runCutOff('group_reset', { cluster: 'prod', group: 'readers', to: { kind: 'shift', by: -1 } });
  assert.deepEqual(await committed(), [3, 1]);
  await all.makeTopic('logs', 1);
  await fixture.apply(await fixture.plan('twin_sync', { twin: 'qa' }));
  for (let batch = 0; batch < 4; batch++) await all.produce('logs', [{ value: `${batch}` }]);
  const rules: MaskRule[] = [{ part: 'value', mask: 'keep' }];
  await runCutOff('sample_copy', { twin: 'qa', topics: [{ topic: 'logs' }], rules });
  const qa = await fixture.clusters.client('qa');
  await using consumer = qa.consumer({ topics: ['logs'], from: 'earliest', until: 'end', isolation: 'read_committed' });
  const values: string[] = [];
  for await (const { valueBytes } of consumer.records()) values.push(Buffer.from(valueBytes ?? []).toString());
  assert.deepEqual(values, ['0', '1', '2', '3']);
});

test('a twin of another size is gone when it is deleted, and the others are there again after a restart', async () => {
  await fixture.apply(await fixture.plan('twin_create', { name: 'small', source: 'prod', brokers: 1 }));
  assert.deepEqual((await fixture.plan('twin_sync', { twin: 'small' })).steps, [], 'fewer replicas are no difference');
  const deletion = await fixture.plan('twin_delete', { name: 'small' });
  assert.equal(deletion.destructive, true);
  await fixture.apply(deletion);
  assert.equal(fixture.record.current().get('cluster', 'small'), undefined);
  await assert.rejects(fixture.plan('twin_delete', { name: 'small' }), { code: 'not_found' });
  await assert.rejects(fixture.plan('twin_delete', { name: 'prod' }), { code: 'not_found', message: /not made as/ });
  const before = all.twins.running();
  const again = await all.restartTwins();
  assert.deepEqual(again.running(), before);
  assert.deepEqual(
    before.map(({ name }) => name),
    ['qa'],
  );
  assert.deepEqual(all.reports, []);
});
