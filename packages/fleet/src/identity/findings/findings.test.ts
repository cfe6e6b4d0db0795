import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AclBinding } from '@millrace/client';
import type { Credential } from '../credentials/credential-store.ts';
import type { ObservedUse } from '../observations.ts';
import { declaredFleet } from '../testing/declared-fleet.ts';
import { denialsOf, wantedAcls } from '../wanted-acls.ts';
import { allFindings } from './all-findings.ts';
import { encryptionViews } from './encryption.ts';
import type { FindingsInput, SeenCluster } from './finding.ts';

const now = new Date('2026-06-01T00:00:00Z');
const daysAgo = (days: number): Date => new Date(now.getTime() - days * 86_400_000);

const fleet = declaredFleet({
  application: [
    {
      name: 'orders',
      team: 'shop',
      uses: [
        { cluster: 'east', topic: 'orders.placed', role: 'producer' },
        { cluster: 'east', topic: 'stock.*', role: 'consumer' },
      ],
    },
  ],
});
const declared: AclBinding[] = (wantedAcls(fleet).get('east') ?? []).map(({ acl }) => acl);

const acl = (given: Partial<AclBinding>): AclBinding => ({
  ...{ resourceType: 'topic', resourceName: 'other', patternType: 'literal' },
  ...{ principal: 'User:stranger', host: '*', operation: 'read', permission: 'allow' },
  ...given,
});

const secureBroker = {
  nodeId: 1,
  configs: { listeners: 'SASL_SSL://:9093,CONTROLLER://:9094', 'controller.listener.names': 'CONTROLLER' },
};

function cluster(given: Partial<SeenCluster> = {}): SeenCluster {
  const topics = ['orders.placed', 'stock.berlin', 'stock.oslo', 'stock.rome'];
  return { name: 'east', observedAt: now, stale: false, acls: declared, brokers: [secureBroker], topics, ...given };
}

function use(given: Partial<ObservedUse>): ObservedUse {
  const seen = { cluster: 'east', topic: 'stock.oslo', role: 'consumer', source: 'group_assignment' } as const;
  return { ...seen, group: 'orders', lastSeenAt: daysAgo(1), ...given };
}

const inUse: readonly ObservedUse[] = [
  use({ topic: 'stock.berlin' }),
  use({}),
  use({ topic: 'stock.rome', group: 'orders.nightly' }),
  use({ topic: 'orders.placed', role: 'producer', source: 'client_report', application: 'orders', group: undefined }),
];

function input(
  given: Partial<FindingsInput> & { uses?: readonly ObservedUse[]; since?: Date | undefined } = {},
): FindingsInput {
  const { uses = inUse, since, ...rest } = given;
  return {
    fleet,
    clusters: [cluster()],
    credentials: [],
    shutOut: new Map(),
    authorities: [],
    serverCertificates: [],
    seen: { uses, watchedSince: () => since },
    needsIdempotentWrite: () => false,
    now,
    unusedDays: 30,
    ...rest,
  };
}

const told = (given: FindingsInput): string[] =>
  allFindings(given).map(({ kind, severity, text }) => `${kind} ${severity}: ${text}`);

function credential(given: Partial<Credential>): Credential {
  return {
    ...{ id: 'one', application: 'orders', kind: 'scram', principal: 'User:orders.a', clusters: ['east'] },
    ...{ operation: 'op', issuedAt: daysAgo(40), issuedBy: 'user:ann', verifier: null, certificate: null },
    ...{ expiresAt: null, sealedFor: 'request', deliveredAt: daysAgo(40), oldUntil: null, confirmedAt: null },
    ...{ confirmedBy: null, endedAt: null, endedAs: null },
    ...given,
  };
}

test('a fleet that is as declared, used and encrypted has no findings', () => {
  assert.deepEqual(told(input({ since: daysAgo(60) })), []);
});

test('ACLs that nothing declares and declared ones that are missing are told, with what to do', () => {
  const acls = [...declared.slice(1), acl({}), acl({ resourceName: '*', operation: 'all' })];
  const found = allFindings(input({ clusters: [cluster({ acls })] }));
  assert.deepEqual(
    found.map(({ kind, severity, application, team, text }) => [kind, severity, application, team, text]),
    [
      [
        'undeclared_acl',
        'high',
        null,
        null,
        'on east User:stranger may do anything to topic *, and nothing declares it',
      ],
      [
        'missing_acl',
        'medium',
        'orders',
        'shop',
        'it is not so on east that User:orders.a may write topic orders.placed, ' +
          'though orders produces to orders.placed',
      ],
      [
        'duplicate_acl',
        'low',
        null,
        null,
        'on east User:stranger may read topic other, which nothing declares and which follows from another: ' +
          'User:stranger may do anything to topic *',
      ],
    ],
  );
});

test('a denial that makes a grant worthless is told, but not that of a principal that is shut out', () => {
  const denial = acl({
    principal: 'User:orders.a',
    permission: 'deny',
    resourceName: 'orders.',
    patternType: 'prefixed',
    operation: 'write',
  });
  const found = told(input({ clusters: [cluster({ acls: [...declared, denial] })] }));
  assert.ok(
    found.includes(
      'shadowed_acl medium: on east it is worthless that User:orders.a may write topic orders.placed: ' +
        'User:orders.a may not write topic orders.*, and a denial wins',
    ),
    found.join('\n'),
  );
  const shutOut = new Map([['User:orders.a', new Map([['east', { operation: 'op', since: daysAgo(1) }]])]]);
  const denied = [...declared, ...denialsOf('User:orders.a')];
  assert.deepEqual(told(input({ shutOut, clusters: [cluster({ acls: denied })] })), []);
  const lost = told(input({ shutOut }));
  assert.equal(lost.filter((text) => text.startsWith('missing_acl high')).length, 6);
});

test('a right that was not used is told only where it was watched for long enough', () => {
  const seen = inUse.filter(({ role }) => role === 'consumer');
  assert.deepEqual(told(input({ uses: seen, since: daysAgo(10) })), []);
  assert.deepEqual(told(input({ uses: seen, since: undefined })), []);
  assert.deepEqual(told(input({ uses: seen, since: daysAgo(31) })), [
    'unused_grant low: orders may be a producer of orders.placed on east and was never seen to be, in 30 days or more',
  ]);
});

test('of a pattern whose topics are not all used the used ones are proposed', () => {
  const uses = inUse.filter(({ topic }) => topic !== 'stock.rome');
  const [found] = allFindings(input({ uses, since: daysAgo(31) }));
  assert.equal(found?.kind, 'narrower_grant');
  assert.equal(found?.advice, 'declare these in place of stock.*: stock.berlin, stock.oslo');
  assert.match(
    found?.text ?? '',
    /the 3 topics stock\.\* of east; since 2026-05-01 it was seen at 2 of them \(as told by: group_assignment\)/,
  );
});

test('passwords that are missing where they are needed, or there for nobody, are told', () => {
  const issued = [credential({ clusters: ['west'] })];
  const users = new Set(['stranger', 'orders.b']);
  const former = credential({ id: 'old', principal: 'User:orders.b', endedAt: daysAgo(1), endedAs: 'revoked' });
  const found = told(input({ credentials: [...issued, former], clusters: [cluster({ users })] }));
  assert.deepEqual(found, [
    "missing_credential high: User:orders.a can't log in to east: its password is not there " +
      '(it was issued before it was needed there)',
    'undeclared_credential high: the user orders.b can log in to east, and orders has no such password now',
    'undeclared_credential low: the user stranger can log in to east, and no application was issued it',
  ]);
});

test('rotations that nobody ends and certificates that end are told', () => {
  const own = [
    credential({}),
    credential({ id: 'two', principal: 'User:orders.b', issuedAt: daysAgo(9) }),
    credential({ id: 'three', kind: 'certificate', principal: 'User:CN=orders', expiresAt: daysAgo(-5) }),
    credential({ id: 'four', deliveredAt: null, application: 'stock', principal: 'User:stock.a' }),
  ];
  assert.deepEqual(told(input({ credentials: own })), [
    'certificate_expiring high: the certificate of User:CN=orders expires in 5 days, 2026-06-06T00:00:00.000Z, ' +
      'and there is no newer one',
    'rotation_unfinished medium: orders has had two passwords for 9 days: it was not said that it uses User:orders.b',
    'undelivered_credential low: User:stock.a was issued a password that nobody was told: who asked for it went away',
  ]);
  const renewed = credential({ id: 'five', kind: 'certificate', principal: 'User:CN=orders', expiresAt: daysAgo(-90) });
  const kinds = allFindings(input({ credentials: [...own, renewed] })).map(({ kind }) => kind);
  assert.ok(!kinds.includes('certificate_expiring'));
});

test('listeners without encryption and rights of whoever does not log in are told', () => {
  const configs = { listeners: 'PLAINTEXT://:9092,SASL_SSL://:9093', 'super.users': 'User:admin;User:ANONYMOUS' };
  const acls = [...declared, acl({ principal: 'User:*', resourceName: 'open' })];
  const found = allFindings(input({ clusters: [cluster({ acls, brokers: [{ nodeId: 1, configs }] })] }));
  assert.deepEqual(
    found.filter(({ kind }) => kind !== 'undeclared_acl').map(({ kind, text }) => [kind, text]),
    [
      ['anonymous_access', 'on east User:* may read topic open, whoever does not log in included'],
      ['anonymous_access', 'on east whoever does not log in may do everything: User:ANONYMOUS is a super user'],
      ['plaintext_listener', 'east takes records unencrypted at the listener PLAINTEXT (PLAINTEXT), brokers 1'],
    ],
  );
});

test('what nobody can know of encryption is unknown, with why', () => {
  const both = {
    nodeId: 1,
    configs: {
      listeners: 'PLAINTEXT://:9092,TLS://:9093',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,TLS:SSL',
      'listener.name.tls.ssl.client.auth': 'required',
    },
  };
  const judged = (broker: SeenCluster['brokers'][number], uses: readonly ObservedUse[] = inUse) => {
    const [view] = encryptionViews(input({ uses, clusters: [cluster({ brokers: [broker] })] }));
    return view?.applications.map(({ encryption, because }) => [encryption, because])[0];
  };
  assert.deepEqual(judged(secureBroker), ['encrypted', 'the cluster has no other listeners']);
  assert.deepEqual(judged({ nodeId: 1, configs: {} }), ['plaintext', 'the cluster has no other listeners']);
  assert.deepEqual(judged({ nodeId: 1 }), ['unknown', 'the listeners of the cluster are not known']);
  assert.equal(judged(both)?.[0], 'unknown');
  assert.deepEqual(judged(both, [use({ encrypted: true }), use({ encrypted: false })]), [
    'mixed',
    'as clients report and authorizers log',
  ]);
  const [view] = encryptionViews(input({ clusters: [cluster({ brokers: [both] })] }));
  assert.deepEqual(
    view?.listeners.map(({ name, encrypted, authenticated }) => [name, encrypted, authenticated]),
    [
      ['PLAINTEXT', false, false],
      ['TLS', true, true],
    ],
  );
});
