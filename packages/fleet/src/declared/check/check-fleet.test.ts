import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { Acl, Cluster, Quota, Topic } from '@millrace/api/declared';
import type { SomeLists } from '../fleet-lists.ts';
import { aFleet } from '../testing/a-fleet.ts';
import { checkFleet } from './check-fleet.ts';

/** What is told of a fleet that is sound but for these lists: `topics 0 name: ...`. */
function told(other: SomeLists): string[] {
  return checkFleet(aFleet(other)).map(({ steps, message }) => `${steps.join(' ')}: ${message}`);
}

const topic = (over: Partial<Topic>): Topic => ({ name: 'a', cluster: 'east', partitions: 1, ...over });
const acl = (over: Partial<Acl>): Acl => {
  return { cluster: 'east', principal: 'User:a', operation: 'read', resourceType: 'topic', resourceName: 'a', ...over };
};
const quota = (over: Partial<Quota>): Quota => ({ cluster: 'east', limits: { producer_byte_rate: 1 }, ...over });

test('a fleet that has something of every kind is sound', () => {
  assert.deepEqual(told({}), []);
});

test('every reference from one kind to another has to lead somewhere', () => {
  const findings = told({
    cluster: [
      { name: 'east', site: 'eats', zone: 'iner', environment: 'prod', bootstrap: 'a:1', twinOf: 'wets' },
      { name: 'west', bootstrap: 'b:1' },
    ],
    connect: [{ name: 'sinks', cluster: 'esat', url: 'http://c:1' }],
    topic: [topic({ cluster: 'eest', owner: 'chekout' })],
    application: [{ name: 'shop', team: 'x', uses: [{ cluster: 'wset', topic: 'a', role: 'consumer' }] }],
    acl: [acl({ cluster: 'north' })],
    quota: [quota({ cluster: 'north', user: 'a' })],
    mirror: [{ name: 'm', source: 'north', target: 'south', topics: ['a'] }],
    connector: [{ name: 'c', connect: 'sink', owner: 'y', config: { 'connector.class': 'x' } }],
  });
  assert.deepEqual(findings, [
    'clusters 0 site: "eats" is not among the sites; did you mean east?',
    'clusters 0 zone: "iner" is not among the zones; did you mean inner?',
    'clusters 0 environment: "prod" is not among the environments; did you mean production?',
    'clusters 0 twinOf: "wets" is not among the clusters; did you mean west?',
    'connects 0 cluster: "esat" is not among the clusters; did you mean east?',
    'topics 0 cluster: "eest" is not among the clusters; did you mean east?',
    'topics 0 owner: "chekout" is not among the teams; did you mean checkout?',
    'applications 0 team: "x" is not among the teams; add it there',
    'applications 0 uses 0 cluster: "wset" is not among the clusters; did you mean west?',
    'acls 0 cluster: "north" is not among the clusters; add it there',
    'quotas 0 cluster: "north" is not among the clusters; add it there',
    'mirrors 0 source: "north" is not among the clusters; add it there',
    'mirrors 0 target: "south" is not among the clusters; add it there',
    'connectors 0 connect: "sink" is not among the connects; did you mean sinks?',
    'connectors 0 owner: "y" is not among the teams; add it there',
  ]);
});

test('groups and transactional ids are names, or the begin of some', () => {
  const uses = [
    { cluster: 'east', topic: 'orders', role: 'consumer' as const, groups: ['shop', 'shop.*', '*'] },
    { cluster: 'east', topic: 'orders', role: 'consumer' as const, groups: ['shop', 'sh*p'] },
    { cluster: 'east', topic: 'orders', role: 'producer' as const, transactionalIds: ['**'] },
  ];
  assert.deepEqual(told({ application: [{ name: 'shop', team: 'checkout', uses }] }), [
    'applications 0 uses 1 groups 1: "sh*p" is neither a name nor the begin of some with *',
    'applications 0 uses 2 transactionalIds 0: "**" is neither a name nor the begin of some with *',
  ]);
});

test('what refers to kinds that are declared elsewhere is not judged', () => {
  const fleet = aFleet({ cluster: [], connect: [], topic: [topic({ owner: 'nobody' })] });
  const findings = checkFleet(fleet, { elsewhere: new Set(['cluster', 'connect']) });
  assert.deepEqual(
    findings.map(({ steps }) => steps.join(' ')),
    ['topics 0 owner'],
  );
});

test('a thing is declared once, and so is what means the same', () => {
  assert.deepEqual(
    told({
      site: [{ name: 'east' }, { name: 'west' }, { name: 'east' }],
      topic: [topic({}), topic({ partitions: 2 }), topic({ cluster: 'west' })],
      acl: [acl({}), acl({ host: '*', permission: 'allow' })],
      quota: [quota({ user: 'a' }), quota({ user: 'a', limits: { consumer_byte_rate: 1 } })],
    }),
    [
      'sites 2 name: east is the name of another one above',
      'topics 1 name: a is the name of another one of east above',
      'acls 1: is the same rule as one above',
      'quotas 1: is for the same as one above',
    ],
  );
});

test("names of topics keep Kafka's rules, and none collides with another in its metrics", () => {
  const names = ['.', 'a b', '__consumer_offsets', 'x'.repeat(250), 'a.b', 'a_b', 'fine-1'];
  const findings = told({ topic: names.map((name) => topic({ name })) });
  assert.deepEqual(
    findings.map((line) => line.replace(/x{250}/, 'xxx')),
    [
      'topics 0 name: "." can\'t be the name of a topic',
      'topics 1 name: "a b" is not made of up to 249 letters, digits, ., - and _',
      "topics 2 name: __consumer_offsets is Kafka's own: it makes what begins with __ itself",
      'topics 3 name: "xxx" is not made of up to 249 letters, digits, ., - and _',
      'topics 5 name: a_b collides with a.b above: Kafka takes . and _ in names of topics for the same',
    ],
  );
  const elsewhere = [topic({ name: 'a.b' }), topic({ name: 'a_b', cluster: 'west' })];
  assert.deepEqual(told({ topic: elsewhere }), []);
});

test('settings of topics exist and have values that Kafka takes; those that only a newer one knows pass', () => {
  const configs = {
    'retention.sm': 1,
    'cleanup.policy': 'compact, delete',
    'compression.type': 'lzo',
    'max.message.bytes': 3_000_000_000,
    'min.cleanable.dirty.ratio': 1.5,
    'retention.ms': -2,
    'retention.bytes': 2 ** 62,
    'segment.ms': '10s',
    preallocate: 'yes',
    'min.insync.replicas': 3,
    'compression.brotli.level': 4,
    'confluent.tier.enable': true,
  };
  assert.deepEqual(told({ topic: [topic({ replicas: 2, configs })] }), [
    'topics 0 configs retention.sm: is nothing that Kafka sets for a topic; did you mean retention.ms?',
    'topics 0 configs compression.type: must be one of uncompressed, zstd, lz4, snappy, gzip, producer',
    'topics 0 configs max.message.bytes: must be at most 2147483647',
    'topics 0 configs min.cleanable.dirty.ratio: must be at most 1',
    'topics 0 configs retention.ms: must be at least -1',
    'topics 0 configs retention.bytes: is too large to be read exactly as a number; put it in quotes',
    'topics 0 configs segment.ms: must be a whole number',
    'topics 0 configs preallocate: must be true or false',
    'topics 0 configs min.insync.replicas: is 3 while there are 2 replicas: no write with acks=all would be accepted',
  ]);
});

test('ACLs grant what there is to grant, to somebody', () => {
  const findings = told({
    acl: [
      acl({ resourceType: 'topics' }),
      acl({ operation: 'reed' }),
      acl({ operation: 'cluster-action' }),
      acl({ resourceType: 'cluster', operation: 'alter', resourceName: 'east' }),
      acl({ principal: 'alice' }),
      acl({ host: 'app.example' }),
      acl({ host: '2001:db8::1', operation: 'all' }),
    ],
  });
  assert.deepEqual(
    findings.map((line) => line.split(';')[0]),
    [
      'acls 0 resourceType: is not known',
      'acls 1 operation: "reed" is nothing that can be done to a topic',
      'acls 2 operation: "cluster-action" is nothing that can be done to a topic',
      'acls 3 resourceName: must be kafka-cluster: a cluster has no other name here',
      'acls 4 principal: must be TYPE:NAME, for example User:orders',
      'acls 5 host: must be an address or *: Kafka compares no names of hosts',
    ],
  );
});

test('quotas bound somebody in something', () => {
  assert.deepEqual(
    told({
      quota: [
        quota({}),
        quota({ user: 'a', ip: '10.0.0.1', limits: { connection_creation_rate: 1 } }),
        quota({ user: 'b', limits: {} }),
        quota({ user: 'c', limits: { producer_bytes_rate: 1 } }),
      ],
    }),
    [
      'quotas 0: is for nobody: give user, clientId or both, or ip',
      'quotas 1 ip: goes with neither user nor clientId: Kafka bounds connections by address alone',
      'quotas 2 limits: must hold a limit',
      'quotas 3 limits producer_bytes_rate: is not known; did you mean producer_byte_rate?',
    ],
  );
});

test('secrets are references wherever they may stand, and are never repeated', () => {
  const findings = told({
    cluster: [
      { name: 'east', bootstrap: 'a:1', client: { 'sasl.password': 'hunter2', 'sasl.pasword': 'hunter2' } },
      { name: 'west', bootstrap: 'b:1', client: { 'sasl.password': 'file:/run/west' } },
    ],
    connect: [{ name: 'sinks', cluster: 'east', url: 'http://me:hunter2@c:1', password: 'hunter2' }],
    connector: [
      {
        name: 'c',
        connect: 'sinks',
        config: {
          'connector.class': 'x',
          'database.password': 'hunter2',
          'aws.secret.access.key': 'hunter2',
          'api.token': ['$', '{file:/run/secrets:token}'].join(''),
          'tasks.max': 1,
        },
      },
    ],
  });
  assert.deepEqual(
    findings.map((line) => line.split(': ')[0]),
    [
      'clusters 0 client sasl.pasword',
      'clusters 0 client sasl.password',
      'connects 0 url',
      'connects 0 password',
      'connectors 0 config database.password',
      'connectors 0 config aws.secret.access.key',
    ],
  );
  assert.ok(!findings.join().includes('hunter2'));
});

test('addresses, mirrors, seasons, policies and keys are what they are to be', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' });
  const large = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = large.publicKey.export({ type: 'spki', format: 'pem' });
  const secret = large.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const application = (publicKey: string, index: number) => ({ name: `a${index}`, team: 'checkout', publicKey });
  const east: Cluster = { name: 'east', bootstrap: 'a:0, b', twinOf: 'east' };
  assert.deepEqual(
    told({
      season: [{ name: 's', from: '2026-12-01', until: '2026-11-01', factor: 2 }],
      cluster: [east, { name: 'west', bootstrap: '[::1]:9092' }],
      application: [String(pem), String(small), 'none', String(secret)].map(application),
      mirror: [{ name: 'm', source: 'east', target: 'east', topics: ['a', '(x|y)'] }],
      policy: [{ name: 'p', when: 'request.partitions <', decision: 'ask' }],
    }).map((line) => line.replace(/(is no \w+( \w+)*).*/, '$1')),
    [
      'seasons 0 until: is before 2026-12-01, its first day',
      'clusters 0 bootstrap: "a:0" is not HOST:PORT',
      'clusters 0 bootstrap: "b" is not HOST:PORT',
      'clusters 0 twinOf: is the cluster itself',
      'applications 1 publicKey: has 1024 bits, and less than 2048 keep no secret',
      'applications 2 publicKey: is no public key in PEM',
      'applications 3 publicKey: is a private key: nobody but the application may have that; give its public one',
      'mirrors 0 target: is east, its source as well',
      'mirrors 0 topics 1: "(x|y)" is neither a topic\'s name nor a pattern with *',
      'policies 0 when: is no CEL expression',
    ],
  );
});
