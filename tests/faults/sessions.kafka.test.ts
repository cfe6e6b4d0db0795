/**
 * What ends with time or by an operator's hand while clients run, on Apache Kafka: members' sessions, logins, passwords,
 * certificates.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { TlsIdentity } from '@millrace/base';
import { CertificateAuthority } from '@millrace/base/testing/certificates';
import { type Client, createClient, type SecurityOptions, text, topic, unwrap } from '@millrace/client';
import type { KafkaCluster, ListenerName } from '@millrace/engines';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { eventually } from '../support/eventually.ts';
import { soonSettings } from './fault-cluster.ts';
import { type HandledBatch, HandledBatches, type HandledBatchesOptions } from './handled-batches.ts';
import { proxiedPlatform } from './proxied-network.ts';
import { TcpProxy } from './tcp-proxy.ts';

const kafka = await kafkaForTests();
const WAIT_MS = 90_000;
const REAUTHENTICATION_MS = 4000;
const mechanism = 'SCRAM-SHA-512';

/** One broker with all listeners, on which everybody who can log in may do everything. */
class Site implements AsyncDisposable {
  readonly cluster: KafkaCluster;
  readonly authority: CertificateAuthority;
  readonly client: Client;
  readonly #proxies = new Map<ListenerName, TcpProxy>();

  private constructor(cluster: KafkaCluster, authority: CertificateAuthority) {
    this.cluster = cluster;
    this.authority = authority;
    this.client = createClient({ bootstrap: cluster.bootstrap('PLAINTEXT'), telemetry: false });
  }

  static async start(): Promise<Site> {
    const authority = await CertificateAuthority.create();
    const users = { alice: 'first' };
    const superUsers = ['User:ANONYMOUS', 'User:alice', 'User:CN=alice', 'User:CN=broker'];
    const broker = await brokerIdentity(authority);
    const cluster = await kafka.cluster({
      security: { authority: authority.ca, broker, users, superUsers },
      configuration: {
        ...soonSettings,
        'min.insync.replicas': '1',
        'default.replication.factor': '1',
        'connection.failed.authentication.delay.ms': '20',
        'listener.name.sasl_plaintext.scram-sha-256.connections.max.reauth.ms': `${REAUTHENTICATION_MS}`,
      },
    });
    return new Site(cluster, authority);
  }

  portOf(listener: ListenerName): number {
    return Number(this.cluster.bootstrap(listener).split(':')[1]);
  }

  /** A client at a listener, whose connections go through `proxy`. */
  async connect(listener: ListenerName, security: SecurityOptions, events: string[] = []): Promise<Client> {
    const [port, proxy] = [this.portOf(listener), await this.proxy(listener)];
    return createClient({
      bootstrap: this.cluster.bootstrap(listener),
      platform: proxiedPlatform({ [port]: proxy.port }),
      security,
      retryBackoffMs: 20,
      telemetry: false,
      report: ({ event, message }) => events.push(`${event}: ${message}`),
    });
  }

  async proxy(listener: ListenerName): Promise<TcpProxy> {
    const proxy = this.#proxies.get(listener) ?? (await TcpProxy.start(this.portOf(listener)));
    this.#proxies.set(listener, proxy);
    return proxy;
  }

  async createTopic(partitions: number): Promise<string> {
    const name = `topic-${crypto.randomUUID()}`;
    unwrap(await this.client.admin().createTopics([{ topic: name, partitions }]));
    return name;
  }

  async group(options: Pick<HandledBatchesOptions, 'protocol' | 'sessionTimeoutMs'>): Promise<HandledBatches> {
    const partitions = 4;
    const name = await this.createTopic(partitions);
    const bootstrap = this.cluster.bootstrap('PLAINTEXT');
    const group = new HandledBatches(this.client, { bootstrap, topic: name, partitions, ...options });
    const { sessionTimeoutMs, protocol } = options;
    if (protocol === 'consumer' && sessionTimeoutMs !== undefined) {
      const changes = [
        { name: 'consumer.session.timeout.ms', operation: 'set', value: `${sessionTimeoutMs}` },
      ] as const;
      unwrap(await this.client.admin().incrementalAlterConfigs([{ type: 'group', name: group.group, changes }]));
    }
    return group;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    for (const proxy of this.#proxies.values()) await proxy[Symbol.asyncDispose]();
    await this.cluster.close();
  }
}

function brokerIdentity(authority: CertificateAuthority): Promise<TlsIdentity> {
  return authority.issue({ name: 'CN=broker', hosts: ['127.0.0.1'] });
}

/** Writes numbers to a topic and reads them back, through the same client, until it is told to end. */
class Traffic implements AsyncDisposable {
  readonly #client: Client;
  readonly #topic: string;
  readonly #reading: Promise<void>;
  readonly #writing: Promise<void>;
  readonly #abort = new AbortController();
  sent = 0;
  readonly read: string[] = [];

  constructor(client: Client, name: string) {
    this.#client = client;
    this.#topic = name;
    this.#reading = this.#readAll();
    this.#writing = this.#writeOn();
    // Awaited by `end`.
    for (const work of [this.#reading, this.#writing]) work.catch(() => undefined);
  }

  /** Resolves when so many more records have come back. */
  async flows(records = 20): Promise<void> {
    const goal = this.read.length + records;
    await Promise.race([
      eventually(() => this.read.length >= goal, { timeoutMs: WAIT_MS, describe: () => 'records do not flow' }),
      this.#writing,
      this.#reading,
    ]);
  }

  /** Ends it, and checks that each record came once and in order. */
  async end(): Promise<void> {
    this.#abort.abort();
    await this.#writing;
    await eventually(() => this.read.length >= this.sent, { timeoutMs: WAIT_MS });
    await this.#client.close();
    await this.#reading;
    assert.deepEqual(
      this.read,
      Array.from({ length: this.sent }, (_, number) => `${number}`),
    );
  }

  /** Ends it, whatever became of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await Promise.allSettled([this.#client.close(), this.#writing, this.#reading]);
  }

  async #writeOn(): Promise<void> {
    const numbers = topic(this.#topic, { value: text });
    const producer = this.#client.producer();
    while (!this.#abort.signal.aborted) {
      await producer.send({ topic: numbers, value: `${this.sent++}` });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async #readAll(): Promise<void> {
    const numbers = topic(this.#topic, { value: text });
    const group = `group-${this.#topic}`;
    const consumer = this.#client.consumer({ group, topics: [numbers], from: 'earliest' });
    for await (const batch of consumer) for (const { value } of batch) this.read.push(value);
  }
}

test('sessions and credentials on Apache Kafka', { skip: kafka.skip }, async (t) => {
  await using site = await Site.start();
  for (const protocol of ['classic', 'consumer'] as const) {
    await t.test(`a member that was away for too long comes back behind what others committed: ${protocol}`, () =>
      comesBack(site, protocol),
    );
    await t.test(`a static member that is started again disturbs nobody: ${protocol}`, () =>
      staticMember(site, protocol),
    );
  }
  await t.test('logins are renewed while records flow', (context) => renewedLogins(context, site));
  await t.test('a password is changed while records flow', () => changedPassword(site));
  await t.test("the broker's certificate is renewed while records flow", () => renewedCertificate(site));
});

/** A member is halted beyond its session; what others have committed meanwhile is not handled by it again. */
async function comesBack(site: Site, protocol: 'classic' | 'consumer'): Promise<void> {
  await using group = await site.group({ protocol });
  const first = group.start('first');
  group.start('second');
  const members = async (count: number): Promise<void> => {
    const areThere = async (): Promise<boolean> => (await group.memberIds()).length === count;
    await eventually(areThere, { timeoutMs: WAIT_MS, describe: () => `the group has not ${count} members` });
  };
  await members(2);
  await group.writeUntilBothHandle();
  const last = Math.max(...group.batches.map(({ generation }) => generation));
  first.pause();
  await members(1);
  const committed = await group.writeAndCommit(100);
  first.resume();
  await members(2);
  await group.writeUntilBothHandle();
  // What it had fetched it may handle again as the member that it was, and not as the one that it has become.
  const since = group.batches.filter(({ by, generation }) => by === 'first' && generation > last);
  assert.ok(since.length > 0);
  for (const { partition, firstOffset } of since) {
    assert.ok(firstOffset >= (committed.get(partition) ?? 0), `partition ${partition} again from ${firstOffset}`);
  }
}

/**
 * A member with an instance id ends and is started again within its session: the others learn nothing of it. One of a
 * classic group may be killed; by KIP-848 the name of one that did not say good-bye is its own until its session ends.
 */
async function staticMember(site: Site, protocol: 'classic' | 'consumer'): Promise<void> {
  await using group = await site.group({ protocol, sessionTimeoutMs: 60_000 });
  const first = group.start('first', 'instance-1');
  group.start('second', 'instance-2');
  await group.writeUntilBothHandle();
  await group.writeAndCommit(10);
  const before = await group.handOut(10);
  await (protocol === 'classic' ? first.kill() : first.stop());
  group.start('first', 'instance-1');
  await group.writeAndCommit(10);
  const after = await group.handOut(10);
  assert.deepEqual(shares(after), shares(before), 'each has the partitions that it had');
  const generations = (batches: readonly HandledBatch[]): number[] => [
    ...new Set(batches.filter(({ by }) => by === 'second').map(({ generation }) => generation)),
  ];
  assert.deepEqual(generations(after), generations(before));
}

/** Who handles which partitions. */
function shares(batches: readonly HandledBatch[]): string[] {
  return [...new Set(batches.map(({ by, partition }) => `${partition} by ${by}`))].sort();
}

/** Sessions of logins end (KIP-368) again and again; connections live on. */
async function renewedLogins(t: TestContext, site: Site): Promise<void> {
  let logins = 0;
  const events: string[] = [];
  const password = async (): Promise<string> => {
    logins += 1;
    return 'first';
  };
  const sasl = { mechanism: 'SCRAM-SHA-256', username: 'alice', password } as const;
  await using traffic = new Traffic(await site.connect('SASL_PLAINTEXT', { sasl }, events), await site.createTopic(1));
  await traffic.flows();
  const connections = logins;
  await eventually(() => logins >= 3 * connections, { timeoutMs: WAIT_MS });
  await traffic.flows();
  await traffic.end();
  t.diagnostic(
    `${logins} logins of ${connections} connections; ${events.filter((each) => /lost/.test(each)).length} lost`,
  );
}

/** Connections that are open live on; new ones need the new password, which a function hands out. */
async function changedPassword(site: Site): Promise<void> {
  let current = 'first';
  const login = (password: string | (() => Promise<string>)): SecurityOptions => ({
    sasl: { mechanism, username: 'alice', password },
  });
  const proxy = await site.proxy('SASL_PLAINTEXT');
  await using traffic = new Traffic(
    await site.connect(
      'SASL_PLAINTEXT',
      login(async () => current),
    ),
    await site.createTopic(1),
  );
  await using stubborn = await site.connect('SASL_PLAINTEXT', login('first'));
  await stubborn.admin().describeCluster();
  await traffic.flows();
  unwrap(await site.client.admin().alterScramCredentials([{ user: 'alice', mechanism, password: 'second' }]));
  await eventually(() => canLogIn(site, login('second')), { timeoutMs: WAIT_MS });
  await stubborn.admin().describeCluster();
  await traffic.flows();
  current = 'second';
  proxy.cut();
  await traffic.flows();
  await assert.rejects(stubborn.admin().describeCluster(), { code: 'authentication_failed' });
  await traffic.end();
}

async function canLogIn(site: Site, security: SecurityOptions): Promise<boolean> {
  await using client = await site.connect('SASL_PLAINTEXT', security);
  try {
    await client.admin().describeCluster();
    return true;
  } catch (error) {
    if ((error as { readonly code?: string }).code !== 'authentication_failed') throw error;
    return false;
  }
}

/** The broker takes another certificate while it runs; who trusts the authority notices nothing. */
async function renewedCertificate(site: Site): Promise<void> {
  const { ca } = site.authority;
  const own = await site.authority.issue({ name: 'CN=alice' });
  await using traffic = new Traffic(await site.connect('SSL', { tls: { ca, ...own } }), await site.createTopic(1));
  await traffic.flows();
  const serial = await servedSerial(site, own);
  const { cert, key } = await brokerIdentity(site.authority);
  const file = join(dirname(site.cluster.brokers[0]?.logFile ?? ''), 'broker.pem');
  assert.match(await readFile(file, 'utf8'), /CERTIFICATE/);
  await writeFile(file, `${key}${cert}`);
  const changes = ['ssl', 'sasl_ssl'].map((listener) => ({
    name: `listener.name.${listener}.ssl.keystore.location`,
    operation: 'set' as const,
    value: file,
  }));
  unwrap(await site.client.admin().incrementalAlterConfigs([{ type: 'broker', name: '1', changes }]));
  await eventually(async () => (await servedSerial(site, own)) !== serial, { timeoutMs: WAIT_MS });
  await traffic.flows();
  (await site.proxy('SSL')).cut();
  await traffic.flows();
  await traffic.end();
}

/** Number of the certificate that new connections are shown. */
function servedSerial(site: Site, own: TlsIdentity): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: site.portOf('SSL'), ca: site.authority.ca, ...own };
    const socket = connectTls(options, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
