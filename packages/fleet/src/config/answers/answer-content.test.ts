import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application, ClientSetting, Cluster, Mirror } from '@millrace/api/declared';
import fc from 'fast-check';
import {
  answerContent,
  type ClusterWay,
  type KeptCredential,
  type KnownParts,
  type Question,
} from './answer-content.ts';
import type { Home } from './home-cluster.ts';
import { SettingLayers } from './layered-settings.ts';
import { isMatched } from './mirrored-name.ts';

interface Given {
  readonly clusters?: readonly Cluster[];
  readonly mirrors?: readonly Mirror[];
  readonly rules?: readonly ClientSetting[];
  readonly ways?: Readonly<Record<string, Partial<ClusterWay>>>;
  readonly home?: Home;
  readonly stay?: string;
  readonly credentials?: readonly KeptCredential[];
  readonly uses?: Application['uses'];
  readonly question?: Partial<Question>;
}

const east: Cluster = { name: 'east', site: 'north', environment: 'production', bootstrap: 'e1:9092, e2:9092' };
const west: Cluster = { name: 'west', site: 'south', bootstrap: 'w1:9092' };
const produces = (cluster: string, topic = 'orders') => ({ cluster, topic, role: 'producer' as const });

function ask(given: Given) {
  const { clusters = [east, west], mirrors = [], rules = [], ways = {}, home, credentials = [] } = given;
  const parts: KnownParts = {
    rules,
    mirrors,
    layers: new SettingLayers(),
    cluster: (name) => clusters.find((each) => each.name === name),
    home: () => home,
    stay: () => given.stay,
    way: (name) => ({ settings: {}, brokers: [], clusterId: null, ...ways[name] }),
  };
  const application: Application = { name: 'shop', team: 'web', uses: given.uses ?? [produces('east')] };
  return answerContent(application, { topic: 'orders', role: 'producer', ...given.question }, parts, credentials);
}

function content(given: Given) {
  const told = ask(given);
  return 'problem' in told ? assert.fail(told.problem.detail) : told.content;
}

function problem(given: Given): string {
  const told = ask(given);
  return 'problem' in told ? told.problem.code : assert.fail('it was answered');
}

const both = [produces('west'), produces('east')];
const mirror = { name: 'm', source: 'west', target: 'east', topics: ['ord*'] };

test('the cluster is that of the site, else the one that is no copy, else the first by name', () => {
  const where = (given: Given) => {
    const { name, rule } = content({ uses: both, ...given }).cluster;
    return `${name}: ${rule}`;
  };
  assert.equal(where({ question: { site: 'south' } }), 'west: site south');
  assert.equal(where({ mirrors: [mirror] }), 'west: no mirror copies the topic to it');
  assert.equal(where({ mirrors: [mirror], question: { site: 'north' } }), 'east: site north');
  assert.equal(where({ mirrors: [{ ...mirror, exclude: ['orders'] }] }), 'east: the first by name');
  assert.equal(where({ mirrors: [{ ...mirror, prefix: 'west.' }] }), 'east: the first by name');
  const back = { name: 'back', source: 'east', target: 'west', topics: ['*'] };
  assert.equal(where({ mirrors: [mirror, back] }), 'east: the first by name');
  assert.equal(where({ uses: [produces('west', 'ord*')] }), 'west: the only one that it declares');
  assert.equal(where({ question: { site: 'elsewhere' } }), 'east: the first by name');
});

test('a move of the topic decides before anything else, with its generation and groups', () => {
  const home = { cluster: 'west', generation: 3, groups: { billing: 3 } };
  const uses = [produces('east'), { cluster: 'east', topic: 'orders', role: 'consumer' as const }];
  const written = content({ uses, home, question: { site: 'north' } });
  assert.deepEqual(written.cluster, {
    name: 'west',
    id: null,
    generation: 3,
    rule: 'home of the topic, generation 3',
  });
  assert.equal(written.groups, undefined);
  assert.deepEqual(content({ uses, home, question: { role: 'consumer' } }).groups, { billing: 3 });
});

test('refuses what is not declared, and clusters that are gone or can not be told', () => {
  assert.equal(problem({ question: { topic: 'others' } }), 'no_use');
  assert.equal(problem({ question: { role: 'consumer' } }), 'no_use');
  assert.equal(problem({ clusters: [] }), 'no_cluster');
  assert.equal(problem({ home: { cluster: 'gone', generation: 1, groups: {} } }), 'no_cluster');
  assert.equal(problem({ ways: { east: { problem: 'a file is missing' } } }), 'not_ready');
});

test('addresses are those that are declared, then brokers that were seen, six at most', () => {
  const brokers = ['e2:9092', 'e3:9092', 'e4:9092', 'e5:9092', 'e6:9092', 'e7:9092'];
  const { bootstrap } = content({ ways: { east: { brokers } } });
  assert.equal(bootstrap, 'e1:9092,e2:9092,e3:9092,e4:9092,e5:9092,e6:9092');
});

test('rules come after the standard and the cluster, more specific ones later, of the other role never', () => {
  const rules: ClientSetting[] = [
    { name: 'application', match: { applications: ['shop'] }, set: { 'linger.ms': 9 } },
    { name: 'team', match: { teams: ['web'], roles: ['producer'] }, set: { 'linger.ms': 3, acks: '1' } },
    { name: 'all', set: { 'linger.ms': 1, 'fetch.min.bytes': 5, 'batch.size': 1 } },
    { name: 'other', match: { applications: ['shop'], sites: ['south'] }, set: { 'linger.ms': 99 } },
    { name: 'environment', match: { environments: ['production'] }, set: { 'batch.size': 2 } },
  ];
  const settings = { 'linger.ms': '0', 'compression.type': 'zstd' };
  const answer = content({ rules, ways: { east: { settings } } });
  const told = (name: string) => `${answer.settings[name]?.value} by ${answer.settings[name]?.rule}`;
  assert.equal(told('linger.ms'), '9 by client setting application');
  assert.equal(told('acks'), '1 by client setting team');
  assert.equal(told('batch.size'), '2 by client setting environment');
  assert.equal(told('compression.type'), 'zstd by cluster east');
  assert.equal(answer.settings['fetch.min.bytes'], undefined);
  const south = content({ rules, question: { site: 'south' } });
  assert.equal(south.settings['linger.ms']?.value, '99');
});

test('a rule for fewer acknowledgements takes the idempotence of the standard with it, not that of a rule', () => {
  const of = (set: ClientSetting['set']) => content({ rules: [{ name: 'all', set }] }).settings['enable.idempotence'];
  assert.equal(of({ acks: '1' }), undefined);
  assert.deepEqual(of({ acks: '-1' }), { value: 'true', rule: 'standard producer' });
  assert.deepEqual(of({ acks: '0', 'enable.idempotence': false }), { value: 'false', rule: 'client setting all' });
});

const kept = (id: string, part: Partial<KeptCredential> = {}): KeptCredential => {
  return { id, kind: 'scram', principal: 'User:shop.a', clusters: ['east'], expiresAt: null, kept: 'x', ...part };
};

test('the newest credential for the cluster goes with it, where the connection asks for a login', () => {
  const credentials = [
    kept('old'),
    kept('new'),
    kept('far', { clusters: ['west'] }),
    kept('c', { kind: 'certificate' }),
  ];
  const secured = (protocol: string) => ({
    east: { settings: { 'security.protocol': protocol, 'sasl.mechanism': 'PLAIN', 'ssl.truststore.type': 'PEM' } },
  });
  const sasl = content({ credentials, ways: secured('SASL_PLAINTEXT') });
  assert.equal(sasl.credential?.id, 'new');
  assert.deepEqual(sasl.settings['sasl.mechanism'], { value: 'SCRAM-SHA-512', rule: 'credential' });
  assert.equal(sasl.settings['ssl.truststore.type'], undefined);
  const tls = content({ credentials, ways: secured('SSL') });
  assert.equal(tls.credential?.id, 'c');
  assert.equal(tls.settings['sasl.mechanism'], undefined);
  const plain = content({ credentials, ways: secured('PLAINTEXT') });
  assert.equal(plain.credential, undefined);
  assert.equal(plain.settings['ssl.truststore.type'], undefined);
  assert.equal(content({ ways: secured('SASL_SSL') }).settings['sasl.mechanism']?.value, 'PLAIN');
  assert.ok(!JSON.stringify(sasl).includes('"x"'), 'what is kept is not told');
});

test('the order of declarations changes nothing', () => {
  const rules: ClientSetting[] = ['a', 'b', 'c'].map((name, index) => ({ name, set: { 'linger.ms': index } }));
  fc.assert(
    fc.property(
      fc.shuffledSubarray(rules, { minLength: 3 }),
      fc.shuffledSubarray(both, { minLength: 2 }),
      fc.shuffledSubarray([east, west], { minLength: 2 }),
      (shuffled, uses, clusters) => {
        assert.deepEqual(content({ rules: shuffled, uses, clusters }), content({ rules, uses: both }));
      },
    ),
  );
});

test('patterns of mirrors match as regular expressions would, however they are made', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
  fc.assert(
    fc.property(pattern, name, (given, topic) => {
      assert.equal(isMatched(given, topic), new RegExp(`^${given.replaceAll('*', '.*')}$`).test(topic));
    }),
  );
  assert.equal(isMatched('*a'.repeat(5_000), 'a'.repeat(50_000)), true);
});

test('where a login is asked for and none is kept, instances are told what makes one', () => {
  const secured = (protocol: string) => ({ east: { settings: { 'security.protocol': protocol } } });
  const told = ask({ ways: secured('SASL_SSL') });
  assert.ok(!('problem' in told));
  assert.equal(told.noLogin?.code, 'not_ready');
  assert.match(told.noLogin?.detail ?? '', /cluster east is kept: `millrace application issue shop`.* rotate shop`/);
  for (const protocol of ['SSL', 'PLAINTEXT']) {
    const open = ask({ ways: secured(protocol) });
    assert.ok(!('problem' in open) && open.noLogin === undefined, protocol);
  }
});
