import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '@millrace/api/declared';
import type { AskedFor } from '@millrace/api/fleet';
import { observedCluster, type SeenCluster } from '../../capacity/testing/observed-cluster.ts';
import { type DeclaredLists, declaredFleet } from '../../identity/testing/declared-fleet.ts';
import { recordChanges } from '../provisioning/record-changes.ts';
import type { Draft } from './draft.ts';
import { FleetPicture } from './fleet-picture.ts';
import { policyView } from './policy-view.ts';
import { propose } from './propose.ts';

const gib = 2 ** 30;
const ann = { kind: 'user', name: 'ann' } as const;
const prices = { storedGibMonth: 0.1, trafficGib: 0.02, partitionMonth: 0.5 };

function cluster(name: string, site: string, more: Partial<Cluster> = {}): Cluster {
  const capacity = { diskBytes: 1_000 * gib };
  return { name, bootstrap: '127.0.0.1:1', site, environment: 'production', capacity, prices, ...more };
}

const clusters = [
  cluster('east', 'east'),
  cluster('east-2', 'east'),
  cluster('west', 'west'),
  cluster('east-qa', 'east', { environment: 'qa', twinOf: 'east' }),
  cluster('west-qa', 'west', { environment: 'qa', twinOf: 'west' }),
];
const base: DeclaredLists = { team: [{ name: 'shop' }, { name: 'pay' }], cluster: clusters };
const seen: Readonly<Record<string, SeenCluster>> = {
  east: {},
  'east-2': { topics: [{ name: 'big', partitions: 6, replicas: 3, storedBytes: 900 * gib }] },
  west: {},
  'east-qa': { brokers: 1 },
  'west-qa': { brokers: 1 },
};

function picture(more: DeclaredLists = {}, also: Readonly<Record<string, SeenCluster>> = {}): FleetPicture {
  const all = { ...seen, ...also };
  const find = (name: string) => (all[name] === undefined ? undefined : observedCluster(name, all[name]));
  return new FleetPicture(declaredFleet({ ...base, ...more }), { cluster: find }, new Date('2026-06-01'));
}

const orders: AskedFor = {
  kind: 'topic',
  name: 'shop.orders',
  owner: 'shop',
  dataClass: 'internal',
  expected: { recordsPerSecond: 100, recordBytes: 1_000 },
  sites: ['east', 'west'],
  applications: [
    { name: 'checkout', role: 'producer', transactionalIds: ['checkout*'] },
    { name: 'ledger', team: 'pay', role: 'consumer' },
    { name: 'stock', role: 'consumer', sites: ['west'], groups: ['stock'] },
  ],
  schemas: [{ schema: '"string"' }],
};

function sound(draft: Draft): Draft {
  assert.deepEqual(draft.issues, []);
  return draft;
}

function issuesOf(asked: AskedFor, on = picture()): string[] {
  return propose(asked, on).issues.map(({ field, message }) => `${field} ${message}`);
}

test('one request covers topics at each site and in QA, identities, copies and schemas', () => {
  const { proposal, clusters: chosen } = sound(propose(orders, picture()));
  assert.deepEqual(chosen, ['east', 'west']);
  assert.deepEqual(
    proposal.topics.map(({ purpose, spec }) => [purpose, spec.cluster, spec.partitions, spec.replicas, spec.configs]),
    [
      ['home', 'east', 3, 3, { 'min.insync.replicas': 2 }],
      ['copy', 'west', 3, 3, { 'min.insync.replicas': 2 }],
      ['twin', 'east-qa', 3, 1, undefined],
      ['twin', 'west-qa', 3, 1, undefined],
    ],
  );
  const uses = proposal.applications.map(({ name, team, isNew, uses: all }) => {
    return [name, team, isNew, all.map((use) => `${use.role} ${use.cluster}`).join(', ')];
  });
  assert.deepEqual(uses, [
    ['checkout', 'shop', true, 'producer east, producer east-qa'],
    ['ledger', 'pay', true, 'consumer east, consumer west, consumer east-qa, consumer west-qa'],
    ['stock', 'shop', true, 'consumer west, consumer west-qa'],
  ]);
  assert.deepEqual(proposal.mirrors, [
    { source: 'east', target: 'west', topic: 'shop.orders' },
    { source: 'east-qa', target: 'west-qa', topic: 'shop.orders' },
  ]);
  assert.deepEqual(proposal.schemas, [{ subject: 'shop.orders-value', type: 'AVRO', schema: '"string"' }]);
});

test('the cluster with more room is chosen, and what was asked for beats what would be chosen', () => {
  const inEast = { sites: ['east'], applications: [] };
  const draft = sound(propose({ ...orders, ...inEast, partitions: 12, replicas: 2 }, picture()));
  assert.deepEqual(
    draft.capacity.map(({ cluster: name, chosen }) => [name, chosen]),
    [
      ['east', true],
      ['east-2', false],
    ],
  );
  assert.deepEqual([draft.topic.partitions, draft.topic.replicas], [12, 2]);
  const other = picture({}, { east: { topics: [{ name: 'full', replicas: 3, storedBytes: 2_000 * gib }] } });
  assert.deepEqual(sound(propose({ ...orders, ...inEast }, other)).clusters, ['east-2']);
});

test('policies see the request, the team, the room and the cost', () => {
  const on = picture({
    team: [{ name: 'shop', budget: { topics: 1 } }, { name: 'pay' }],
    season: [{ name: 'holidays', from: '2026-11-20', until: '2026-12-31', factor: 5 }],
  });
  const draft = sound(propose(orders, on));
  const view = policyView(draft, ann, on);
  assert.equal(view.request.requester, 'user:ann');
  assert.equal(view.request.bytesPerSecond, 100_000);
  assert.equal(view.request.retentionDays, 7);
  assert.deepEqual(view.request.newApplications, ['checkout', 'ledger', 'stock']);
  assert.deepEqual([view.team.used.topics, view.team.after.topics, view.team.overBudget], [0, 2, ['topics']]);
  assert.deepEqual([view.capacity.fits, view.capacity.brokers, view.capacity.season], ['yes', 3, 5]);
  assert.ok(view.cost.monthly > 0 && view.cost.before === 0 && view.cost.change === view.cost.monthly);
  assert.ok(Math.abs(view.team.after.monthlyCost - view.cost.monthly) < 1e-9);
});

test('what can not be done is told with its field', () => {
  const is = (asked: AskedFor, ...wanted: RegExp[]): void => {
    const issues = issuesOf(asked);
    for (const each of wanted)
      assert.ok(
        issues.some((issue) => each.test(issue)),
        issues.join('\n') || `nothing: ${each}`,
      );
  };
  is({ ...orders, sites: ['north'] }, /^\/asked\/sites\/0 has no cluster of the environment production at north/);
  is({ ...orders, zone: 'card' }, /no cluster .* in the zone card/);
  is({ ...orders, owner: 'nobody' }, /^\/asked\/owner names "nobody"/);
  is({ ...orders, sites: ['east', 'east'] }, /names one of them twice/);
  is({ ...orders, name: 'big', sites: ['east'], zone: undefined as never }, /./);
  is(
    { ...orders, applications: [{ name: 'x', role: 'consumer', sites: ['north'], transactionalIds: ['x'] }] },
    /\/asked\/applications\/0\/sites names north/,
    /transactionalIds are for producers/,
  );
  is({ kind: 'access', topic: 'none', cluster: 'east', application: { name: 'x', role: 'consumer' } }, /names "none"/);
  is({ kind: 'retirement', topic: 'big', cluster: 'east-2' }, /is on east-2 and not declared/);
  is({ kind: 'promotion', topic: 'x', cluster: 'nowhere' }, /names "nowhere"/);
});

const declared: DeclaredLists = {
  topic: [
    { name: 'shop.orders', cluster: 'east', owner: 'shop', partitions: 6, replicas: 3, dataClass: 'confidential' },
    { name: 'shop.orders', cluster: 'west', owner: 'shop', partitions: 6, replicas: 3 },
    { name: 'shop.orders', cluster: 'east-qa', owner: 'shop', partitions: 6 },
    { name: 'shop.trial', cluster: 'east-qa', owner: 'shop', partitions: 4, configs: { 'retention.ms': 1_000 } },
  ],
  application: [
    {
      name: 'checkout',
      team: 'shop',
      uses: [
        { cluster: 'east', topic: 'shop.orders', role: 'producer' },
        { cluster: 'east-qa', topic: 'shop.trial', role: 'producer' },
      ],
    },
  ],
  mirror: [{ name: 'm', source: 'east', target: 'west', topics: ['shop.*'] }],
};

test('access is to the topic, its copies and its twins, and of an application with the team that it has', () => {
  const on = picture(declared);
  const application = { name: 'ledger', team: 'pay', role: 'consumer' } as const;
  const draft = sound(propose({ kind: 'access', topic: 'shop.orders', cluster: 'east', application }, on));
  assert.deepEqual([draft.team, draft.owner, draft.topic.dataClass], ['pay', 'shop', 'confidential']);
  assert.deepEqual(
    draft.proposal.applications[0]?.uses.map((use) => use.cluster),
    ['east', 'west', 'east-qa'],
  );
  assert.ok(draft.cost.monthly >= draft.cost.before);
  const again = { kind: 'access', topic: 'shop.orders', cluster: 'east' } as const;
  const issues = issuesOf({ ...again, application: { name: 'checkout', team: 'pay', role: 'consumer' } }, on);
  assert.match(issues.join(), /team is not that of checkout, which is shop/);
});

test('a change goes to copies and twins, and says what it costs', () => {
  const on = picture(declared);
  const asked = {
    kind: 'change',
    topic: 'shop.orders',
    cluster: 'east',
    partitions: 12,
    retentionMs: 86_400_000,
  } as const;
  const draft = sound(propose(asked, on));
  assert.deepEqual(
    draft.proposal.changes.map(({ cluster: name, partitions }) => [name, partitions]),
    [
      ['east', 12],
      ['west', 12],
      ['east-qa', 12],
    ],
  );
  assert.ok(draft.cost.monthly > draft.cost.before);
  assert.deepEqual([draft.topic.partitionsBefore, draft.topic.partitions], [6, 12]);
  const change = { kind: 'change', topic: 'shop.orders', cluster: 'east' } as const;
  const losing = (more: object): boolean => propose({ ...change, ...more }, on).topic.losesRecords;
  const lost = [draft.topic.losesRecords, losing({ partitions: 12 }), losing({ retentionMs: -1 })];
  assert.deepEqual(lost, [true, false, false]);
  assert.match(issuesOf({ ...asked, partitions: 3 }, on).join(), /can't be less than the 6/);
  assert.match(issuesOf({ kind: 'change', topic: 'shop.orders', cluster: 'east' }, on).join(), /changes nothing/);
});

test('a promotion takes the topic and its users to the cluster whose twin that is', () => {
  const on = picture(declared);
  const asked = { kind: 'promotion', topic: 'shop.trial', cluster: 'east-qa' } as const;
  assert.match(issuesOf(asked, on).join(), /expected is required/);
  const draft = sound(propose({ ...asked, expected: { recordsPerSecond: 1, recordBytes: 10 } }, on));
  const [made] = draft.proposal.topics;
  assert.deepEqual([made?.spec.cluster, made?.spec.partitions, made?.spec.replicas], ['east', 4, 3]);
  assert.deepEqual(made?.spec.configs, { 'retention.ms': 1_000, 'min.insync.replicas': 2 });
  assert.deepEqual(draft.proposal.applications[0]?.uses, [{ cluster: 'east', topic: 'shop.trial', role: 'producer' }]);
  assert.equal(draft.topic.environment, 'production');
});

test('a retirement takes the topic everywhere, and tells who uses it and what is lost', () => {
  const topics = [{ name: 'shop.orders', partitions: 6, replicas: 3, storedBytes: 3 * gib, recordsPerSecond: 2 }];
  const draft = sound(
    propose({ kind: 'retirement', topic: 'shop.orders', cluster: 'east' }, picture(declared, { east: { topics } })),
  );
  assert.deepEqual(
    draft.proposal.removals.map((gone) => gone.cluster),
    ['east', 'west', 'east-qa'],
  );
  assert.match(draft.proposal.notes.join(' '), /Used by checkout \(shop\).*3 GiB on east are deleted.*2\.0 records\/s/);
  assert.ok(draft.cost.before > 0 && draft.cost.monthly === 0);
});

test('the record gets what is proposed, keeps what others declared, and nothing the second time', () => {
  const own = { ...base, ...declared };
  const asked: AskedFor = { ...orders, name: 'shop.returns', applications: [{ name: 'checkout', role: 'producer' }] };
  const { proposal } = sound(propose(asked, picture(declared)));
  const changes = recordChanges(proposal, declaredFleet(own));
  assert.deepEqual(
    changes.map(({ kind, id }) => `${kind} ${id}`),
    [
      'topic east/shop.returns',
      'topic west/shop.returns',
      'topic east-qa/shop.returns',
      'topic west-qa/shop.returns',
      'application checkout',
      'mirror east-qa-to-west-qa',
    ],
  );
  const application = changes.find(({ kind }) => kind === 'application')?.spec as { uses: unknown[] };
  assert.equal(application.uses.length, 4);
  const topic = changes.flatMap(({ kind, spec }) => (kind === 'topic' && spec !== null ? [spec] : []));
  const after = declaredFleet({
    ...own,
    topic: [...(declared.topic ?? []), ...(topic as typeof declared.topic & object)],
    application: [application as never],
    mirror: [...(declared.mirror ?? []), { name: 'x', source: 'east-qa', target: 'west-qa', topics: ['shop.returns'] }],
  });
  const again = recordChanges(proposal, after).filter(({ kind, id, spec }) => {
    return JSON.stringify(after.get(kind, id)?.spec) !== JSON.stringify(spec);
  });
  assert.deepEqual(again, []);
});

test('a retired topic leaves applications and mirrors without it', () => {
  const own = {
    ...base,
    ...declared,
    mirror: [{ name: 'm', source: 'east', target: 'west', topics: ['shop.orders'] }],
  };
  const { proposal } = sound(propose({ kind: 'retirement', topic: 'shop.orders', cluster: 'east' }, picture(own)));
  const changes = recordChanges(proposal, declaredFleet(own));
  assert.deepEqual(
    changes.filter(({ spec }) => spec === null).map(({ kind, id }) => `${kind} ${id}`),
    ['topic east/shop.orders', 'topic west/shop.orders', 'topic east-qa/shop.orders', 'mirror m'],
  );
  const application = changes.find(({ kind }) => kind === 'application')?.spec;
  assert.deepEqual(application, {
    name: 'checkout',
    team: 'shop',
    uses: [{ cluster: 'east-qa', topic: 'shop.trial', role: 'producer' }],
  });
});
