import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isMillraceError, type TlsIdentity } from '@millrace/base';
import { CertificateAuthority } from '@millrace/base/testing/certificates';
import {
  createAcls,
  describeCluster,
  describeConfigs,
  errorCodes,
  findCoordinator,
  incrementalAlterConfigs,
  metadata,
} from '@millrace/wire';
import { startCluster } from '../start-cluster.ts';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import { login } from '../testing/sasl-login.ts';
import { creationOf } from '../testing/secured-cluster.ts';
import { until } from '../testing/until.ts';

const host = '127.0.0.1';
let authority: CertificateAuthority;
let broker: TlsIdentity;
let directory: string;

before(async () => {
  authority = await CertificateAuthority.create();
  broker = await authority.issue({ name: 'CN=broker', hosts: [host] });
  directory = await mkdtemp(join(tmpdir(), 'millrace-listeners-'));
});
after(() => rm(directory, { recursive: true, force: true }));

async function keystore(name: string, { cert, key }: TlsIdentity): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, `${key}${cert}`);
  return path;
}

test('clients are told the addresses of the listener that they came through', async () => {
  const path = await keystore('several.pem', broker);
  await using fixture = await ClusterFixture.start({
    brokers: 3,
    configuration: {
      listeners: `INSIDE://${host}:0,OUTSIDE://${host}:0,SHOWN://${host}:0`,
      'listener.security.protocol.map': 'INSIDE:PLAINTEXT,OUTSIDE:SSL,SHOWN:PLAINTEXT',
      'listener.name.outside.ssl.keystore.location': path,
      'advertised.listeners': 'SHOWN://kafka.example:9000',
    },
  });
  const portsOf = (listener: string): number[] =>
    fixture.cluster.endpoints.map(({ listeners }) => listeners?.get(listener)?.port ?? 0);
  for (const [listener, tls] of [['INSIDE'], ['OUTSIDE', { ca: authority.ca }]] as const) {
    using peer = await fixture.connect(listener, tls, 2);
    const ports = portsOf(listener);
    assert.equal(new Set(ports).size, 3);
    const { brokers } = await peer.request(metadata, { topics: [] });
    assert.deepEqual(
      brokers.map((each) => [each.nodeId, each.host, each.port]),
      ports.map((port, i) => [i + 1, host, port]),
    );
    const described = await peer.request(describeCluster, { includeClusterAuthorizedOperations: false });
    assert.deepEqual(
      described.brokers.map(({ port }) => port),
      ports,
    );
    const { coordinators } = await peer.request(findCoordinator, { keyType: 0, coordinatorKeys: ['g'] });
    assert.equal(coordinators[0]?.port, ports[(coordinators[0]?.nodeId ?? 0) - 1]);
  }
  // Found under the address that is listened on, told those that are advertised.
  const [bound] = portsOf('INSIDE');
  assert.ok(bound);
  assert.deepEqual(portsOf('SHOWN'), [9000, 9001, 9002]);
});

test("a client's certificate is its principal, by the rules of mapping", async () => {
  const path = await keystore('mutual.pem', broker);
  await using fixture = await ClusterFixture.start({
    configuration: {
      listeners: `SSL://${host}:0,PLAINTEXT://${host}:0`,
      'ssl.keystore.location': path,
      'ssl.truststore.certificates': authority.ca,
      'ssl.client.auth': 'required',
      'ssl.principal.mapping.rules': 'RULE:^CN=(.*?),OU=ops.*$/$1/L,DEFAULT',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:olga;User:CN=root,O=Data',
    },
  });
  const codeFor = async (name: string): Promise<number | undefined> => {
    using peer = await fixture.connect('SSL', { ca: authority.ca, ...(await authority.issue({ name })) });
    const creations = [creationOf({ operation: 'Read', type: 'Topic', name: 't' })];
    return (await peer.request(createAcls, { creations })).results[0]?.errorCode;
  };
  assert.equal(await codeFor('O=Data, OU=ops, CN=Olga'), errorCodes.NONE);
  assert.equal(await codeFor('O=Data, CN=root'), errorCodes.NONE);
  assert.equal(await codeFor('O=Data, CN=Olga'), errorCodes.CLUSTER_AUTHORIZATION_FAILED);
  using plain = await fixture.connect('PLAINTEXT');
  const refused = await plain.request(createAcls, {
    creations: [creationOf({ operation: 'Read', type: 'Topic', name: 't' })],
  });
  assert.equal(refused.results[0]?.errorCode, errorCodes.CLUSTER_AUTHORIZATION_FAILED);
  using without = await fixture.connect('SSL', { ca: authority.ca });
  without.send(without.encode(metadata, { topics: [] }));
  await without.ended;
  assert.ok(
    fixture.events.some(({ message }) => /refused a connection of .* to SSL: .*showed no certificate/.test(message)),
  );
});

test('a login over TLS is the principal, whatever the certificate says', async () => {
  await using fixture = await ClusterFixture.start({
    configuration: {
      listeners: `SASL_SSL://${host}:0`,
      'ssl.keystore.certificate.chain': broker.cert,
      'ssl.keystore.key': broker.key,
      'ssl.truststore.certificates': authority.ca,
      'ssl.client.auth': 'requested',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:alice',
    },
    security: { scramUsers: [{ username: 'alice', password: 'a' }] },
  });
  const identity = await authority.issue({ name: 'CN=bob' });
  for (const tls of [{ ca: authority.ca }, { ca: authority.ca, ...identity }]) {
    using peer = await fixture.connect('SASL_SSL', tls);
    assert.equal((await login(peer, { mechanism: 'SCRAM-SHA-512', username: 'alice', password: 'a' })).errorCode, 0);
    const creations = [creationOf({ operation: 'Read', type: 'Topic', name: 't' })];
    assert.equal((await peer.request(createAcls, { creations })).results[0]?.errorCode, errorCodes.NONE);
  }
});

test('a certificate that is replaced is shown to new connections; one that can not be used is not', async () => {
  const path = await keystore('renewed.pem', broker);
  await using fixture = await ClusterFixture.start({
    configuration: { listeners: `SSL://${host}:0`, 'ssl.keystore.location': path },
  });
  using old = await fixture.connect('SSL', { ca: authority.ca });
  await writeFile(path, 'no certificate');
  await until(() => fixture.events.some(({ message }) => /listener SSL keeps its certificate/.test(message)));
  (await fixture.connect('SSL', { ca: authority.ca }))[Symbol.dispose]();
  const next = await CertificateAuthority.create('CN=Next');
  await keystore('renewed.pem', await next.issue({ name: 'CN=broker', hosts: [host] }));
  await until(() => fixture.events.some(({ message }) => /listener SSL has a new certificate/.test(message)));
  await assert.rejects(fixture.connect('SSL', { ca: authority.ca }), (error) => isMillraceError(error, 'tls_refused'));
  using peer = await fixture.connect('SSL', { ca: next.ca });
  for (const each of [old, peer]) assert.ok(await each.request(metadata, { topics: [] }));

  const third = await CertificateAuthority.create('CN=Third');
  const { cert, key } = await third.issue({ name: 'CN=broker', hosts: [host] });
  const configs = [
    { name: 'listener.name.ssl.ssl.keystore.certificate.chain', configOperation: 0, value: cert },
    { name: 'listener.name.ssl.ssl.keystore.key', configOperation: 0, value: key },
  ];
  const resources = [{ resourceType: 4, resourceName: '', configs }];
  const altered = await old.request(incrementalAlterConfigs, { resources, validateOnly: false });
  assert.equal(altered.responses[0]?.errorCode, errorCodes.NONE, altered.responses[0]?.errorMessage ?? '');
  await until(async () => {
    try {
      (await fixture.connect('SSL', { ca: third.ca }))[Symbol.dispose]();
      return true;
    } catch (error) {
      assert.ok(isMillraceError(error, 'tls_refused'));
      return false;
    }
  });
});

for (const [what, configuration, reason] of [
  ['a listener of no known protocol', { listeners: `EXTERNAL://${host}:0` }, /has no security protocol/],
  ['a listener that is no address', { listeners: '9092' }, /is no listener; write NAME:\/\/HOST:PORT/],
  ['two listeners of one name', { listeners: `SSL://${host}:0,SSL://${host}:1` }, /two listeners have the name SSL/],
  ['TLS without a certificate', { listeners: `SSL://${host}:0` }, /set ssl.keystore.location to a PEM file/],
  [
    'a certificate that is not there',
    { listeners: `SSL://${host}:0`, 'ssl.keystore.location': '/absent.pem' },
    /there is no \/absent.pem/,
  ],
  [
    'OAUTHBEARER without keys',
    { listeners: `SASL_SSL://${host}:0`, 'sasl.enabled.mechanisms': 'OAUTHBEARER' },
    /does not say where keys for it lie/,
  ],
  ['a mechanism that is not here', { 'sasl.enabled.mechanisms': 'GSSAPI' }, /must be one of PLAIN/],
  ['rules that are none', { 'ssl.principal.mapping.rules': 'RULE:x' }, /does not begin with DEFAULT or RULE/],
  ['an address that is none to clients', { listeners: 'SASL_SSL://0.0.0.0:0' }, /set advertised.listeners to SASL_SSL/],
  [
    'a listener for everybody',
    { listeners: 'PLAINTEXT://0.0.0.0:0', 'advertised.listeners': 'PLAINTEXT://kafka.example:0' },
    /asks nobody who they are/,
  ],
  [
    'TLS for everybody',
    { listeners: 'SSL://0.0.0.0:0', 'advertised.listeners': 'SSL://kafka.example:0' },
    /asks nobody who they are/,
  ],
] as const) {
  test(`a cluster with ${what} does not start, and says what to do`, async () => {
    const dataDirectory = await mkdtemp(join(directory, 'refused-'));
    const brokers = [{ nodeId: 1, port: 0 }];
    await assert.rejects(startCluster({ name: 'test', dataDirectory, brokers, configuration }), (error) => {
      assert.ok(isMillraceError(error, 'invalid_configuration'), String(error));
      assert.match(error.message, reason);
      return true;
    });
  });
}

test('other machines may come in by a login, or by an explicit word', async () => {
  for (const [listeners, security] of [
    ['SASL_PLAINTEXT://0.0.0.0:0', {}],
    ['PLAINTEXT://0.0.0.0:0', { allowAnonymous: true }],
  ] as const) {
    const dataDirectory = await mkdtemp(join(directory, 'open-'));
    const brokers = [{ nodeId: 1, port: 0 }];
    await using cluster = await startCluster({
      name: 'test',
      dataDirectory,
      brokers,
      configuration: { listeners, 'advertised.listeners': listeners.replace('0.0.0.0', 'kafka.example') },
      security,
    });
    assert.equal(cluster.brokers.length, 1);
  }
});

test('secrets of the configuration are not told', async () => {
  await using fixture = await ClusterFixture.start({
    configuration: {
      listeners: `PLAINTEXT://${host}:0`,
      'listener.name.plaintext.plain.sasl.jaas.config': 'x required user_a="secret";',
    },
  });
  const peer = await fixture.peer();
  const resources = [{ resourceType: 4, resourceName: '1', configurationKeys: null }];
  const { results } = await peer.request(describeConfigs, { resources, includeSynonyms: true });
  const told = results[0]?.configs.find(({ name }) => name.endsWith('plain.sasl.jaas.config'));
  assert.deepEqual([told?.value, told?.isSensitive], [null, true]);
  assert.ok(!JSON.stringify(results).includes('secret"'));
});
