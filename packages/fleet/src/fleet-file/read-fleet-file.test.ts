import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetFileError } from './fleet-file-error.ts';
import { parseFleetFile, readFleetFile } from './read-fleet-file.ts';

const read = (lines: readonly string[]) => parseFleetFile(lines.join('\n'), '/srv/kafka/fleet.yaml');

/** What is told of a file with mistakes, without the file's name. */
function problems(lines: readonly string[]): string[] {
  try {
    read(lines);
  } catch (error) {
    assert.ok(error instanceof FleetFileError, String(error));
    assert.equal(error.code, 'fleet_file_invalid');
    return error.message.split('\n').map((line) => line.replace('/srv/kafka/fleet.yaml:', ''));
  }
  return [];
}

test('a cluster has its place, its address, and its settings as text with absolute paths', () => {
  const fleet = read([
    'environments: [{ name: production, description: What customers see }]',
    'sites:',
    '  - name: east',
    'clusters:',
    '  - name: orders',
    '    site: east',
    '    environment: production',
    '    bootstrap: kafka-1.example:9093, [2001:db8::1]:9093',
    '    client:',
    '      security.protocol: SASL_SSL',
    '      ssl.ca.location: ca.pem',
    '      sasl.password: file:secrets/orders',
    '      sasl.username: env:ORDERS_USER',
    '      request.timeout.ms: 5000',
    '      enable.idempotence: true',
  ]);
  assert.deepEqual(fleet.declared.site, [{ name: 'east' }]);
  assert.deepEqual(fleet.clusters, [
    {
      name: 'orders',
      site: 'east',
      environment: 'production',
      bootstrap: 'kafka-1.example:9093,[2001:db8::1]:9093',
      settings: {
        'security.protocol': 'SASL_SSL',
        'ssl.ca.location': '/srv/kafka/ca.pem',
        'sasl.password': 'file:/srv/kafka/secrets/orders',
        'sasl.username': 'env:ORDERS_USER',
        'request.timeout.ms': '5000',
        'enable.idempotence': 'true',
      },
    },
  ]);
});

test('clusters share settings by anchors and merge keys', () => {
  const { clusters } = read([
    'clusters:',
    '  - { name: a, bootstrap: "a:1", client: &shared { security.protocol: SSL } }',
    '  - { name: b, bootstrap: "b:1", client: { <<: *shared, client.id: x } }',
  ]);
  assert.deepEqual(clusters[1]?.settings, { 'security.protocol': 'SSL', 'client.id': 'x' });
});

test('an unknown field is named with its line and what may have been meant', () => {
  assert.deepEqual(
    problems([
      'cluster: []',
      'clusters:',
      '  - name: a',
      '    bootstrap: a:1',
      '    sites: east',
      '    client:',
      '      security.protcol: SSL',
      '      bootstrap.servers: b:1',
    ]),
    [
      '1: cluster is not known here; did you mean clusters?',
      '5: clusters[0].sites is not known here; did you mean site?',
      '7: clusters[0].client["security.protcol"] is not known here; did you mean security.protocol?',
      '8: clusters[0].client["bootstrap.servers"] is not known here',
    ],
  );
});

test('what is missing or of another type is named', () => {
  assert.deepEqual(problems(['']), ['1: clusters is required']);
  assert.deepEqual(problems(['clusters:', '  - name: 7', '    bootstrap: [a:1]']), [
    '2: clusters[0].name must be a string',
    '3: clusters[0].bootstrap must be a string',
  ]);
  assert.deepEqual(problems(['- a']), ['1: must be an object']);
});

test('names are declared, and there once', () => {
  assert.deepEqual(
    problems([
      'sites: [{ name: east }, { name: east }]',
      'clusters:',
      '  - { name: a, bootstrap: "a:1", site: eats, environment: qa }',
      '  - { name: a/b, bootstrap: "b:0" }',
    ]),
    [
      '1: sites[1].name east is the name of another one above',
      '3: clusters[0].site "eats" is not among the sites; did you mean east?',
      '3: clusters[0].environment "qa" is not among the environments; add it there',
      '4: clusters[1].name "a/b" is not made of letters, digits, ., - and _',
      '4: clusters[1].bootstrap "b:0" is not HOST:PORT',
    ],
  );
});

test('a secret that is written out is refused and not repeated', () => {
  const told = problems([
    'clusters:',
    '  - name: a',
    '    bootstrap: a:1',
    '    client:',
    '      sasl.password: hunter2',
    '      sasl.jaas.config: x required password="hunter2";',
  ]);
  assert.deepEqual(
    told.map((line) => line.split(' is a secret')[0]),
    ['5: clusters[0].client["sasl.password"]', '6: clusters[0].client["sasl.jaas.config"]'],
  );
  assert.ok(!told.join().includes('hunter2'));
});

test('text that is no YAML is refused with its line', () => {
  assert.match(problems(['clusters:', '  - name: a', '   bootstrap: b']).join(), /^3: /);
  assert.match(problems(['clusters: [{ name: a, name: b }]']).join(), /^1: .*unique/);
  assert.match(problems(['clusters: *none']).join(), /none/);
  assert.notDeepEqual(problems(['a: &a [x,x,x,x,x,x,x,x,x]', 'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]', 'c: [*b,*b]']), []);
});

test('a file that is not there is told as such', () =>
  assert.rejects(readFleetFile('/nonexistent/fleet.yaml'), {
    code: 'fleet_file_unreadable',
    file: '/nonexistent/fleet.yaml',
  }));
