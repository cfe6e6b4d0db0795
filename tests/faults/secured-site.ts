/** A cluster of Apache Kafka with logins and certificates, proxies before its listeners, and ways to reach it. */
import { type Client, createClient, type SecurityOptions, unwrap } from '@millrace/client';
import type { KafkaCluster, ListenerName } from '@millrace/engines';
import type { KafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { SecuredKafka } from '@millrace/engines/testing/secured-kafka';
import { soonSettings } from './fault-cluster.ts';
import { HandledBatches, type HandledBatchesOptions } from './handled-batches.ts';
import { proxiedPlatform } from './proxied-network.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** How long a login by SCRAM-SHA-256 lasts at the listener without TLS. */
const REAUTHENTICATION_MS = 4000;

/** One broker with all listeners, on which everybody who can log in may do everything. */
export class SecuredSite implements AsyncDisposable {
  readonly cluster: KafkaCluster;
  readonly secured: SecuredKafka;
  readonly client: Client;
  readonly #proxies = new Map<ListenerName, TcpProxy>();

  private constructor(cluster: KafkaCluster, secured: SecuredKafka) {
    this.cluster = cluster;
    this.secured = secured;
    this.client = createClient({ bootstrap: cluster.bootstrap('PLAINTEXT'), telemetry: false });
  }

  static async start(kafka: KafkaForTests): Promise<SecuredSite> {
    const superUsers = ['User:ANONYMOUS', 'User:alice', 'User:CN=alice'];
    const secured = await SecuredKafka.create({ alice: 'first' }, superUsers);
    const cluster = await kafka.cluster({
      security: secured.security,
      configuration: {
        ...soonSettings,
        'min.insync.replicas': '1',
        'default.replication.factor': '1',
        'connection.failed.authentication.delay.ms': '20',
        'listener.name.sasl_plaintext.scram-sha-256.connections.max.reauth.ms': `${REAUTHENTICATION_MS}`,
      },
    });
    return new SecuredSite(cluster, secured);
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
