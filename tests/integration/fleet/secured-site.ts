/** A secured cluster, and foreign clients of it that log in as they are told. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from '@millrace/broker';
import { type ClientOptions, createClient, unwrap } from '@millrace/client';
import type { ListenerName } from '@millrace/engines';
import type { KafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { SecuredKafka } from '@millrace/engines/testing/secured-kafka';
import kafkajsPackage, { type Kafka } from 'kafkajs';
import { securedEmbedded } from '../../support/secured-embedded.ts';

const { Kafka: KafkaJs, logLevel } = kafkajsPackage;

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface SecuredSite extends AsyncDisposable {
  readonly name: string;
  readonly secured: SecuredKafka;
  /** As who may do everything. */
  readonly admin: ClientOptions;
  bootstrap(listener: ListenerName): string;
}

/** @param trusted PEM: an authority whose certificates are taken besides those of tests */
export async function startSecuredSite(name: string, trusted = ''): Promise<SecuredSite> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-secured-'));
  const secured = await SecuredKafka.create();
  const { configuration, security } = securedEmbedded(secured.security);
  const authorities = `${secured.security.authority}\n${trusted}`;
  const cluster = await startCluster({
    name,
    dataDirectory: join(directory, 'data'),
    brokers: [{ nodeId: 1, port: 0 }],
    security,
    configuration: { ...configuration, 'ssl.truststore.certificates': authorities },
  });
  const bootstrap = (listener: ListenerName): string => addressOf(cluster, listener);
  return {
    name,
    secured,
    admin: await adminOf(secured, bootstrap),
    bootstrap,
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The like on Apache Kafka. */
export async function startKafkaSite(name: string, kafka: KafkaForTests, trusted = ''): Promise<SecuredSite> {
  const secured = await SecuredKafka.create();
  const cluster = await kafka.cluster({
    security: { ...secured.security, authority: `${secured.security.authority}\n${trusted}` },
    configuration: { 'connection.failed.authentication.delay.ms': '20' },
  });
  const bootstrap = (listener: ListenerName): string => cluster.bootstrap(listener);
  return {
    name,
    secured,
    admin: await adminOf(secured, bootstrap),
    bootstrap,
    [Symbol.asyncDispose]: () => cluster.close(),
  };
}

export async function createTopic(site: SecuredSite, topic: string): Promise<void> {
  const client = createClient(site.admin);
  try {
    unwrap(await client.admin().createTopics([{ topic, partitions: 1, replicationFactor: 1 }]));
  } finally {
    await client.close();
  }
}

/** One record, over a connection of its own, tried once. */
export async function send(site: SecuredSite, login: Login, topic: string): Promise<void> {
  const client = foreignClient(site.bootstrap('SASL_PLAINTEXT'), login, 0);
  const producer = client.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value: 'one' }] });
  } finally {
    await producer.disconnect();
  }
}

async function adminOf(secured: SecuredKafka, bootstrap: SecuredSite['bootstrap']): Promise<ClientOptions> {
  const security = await secured.client('SASL_PLAINTEXT', 'admin', 'SCRAM-SHA-256');
  return { bootstrap: bootstrap('SASL_PLAINTEXT'), security };
}

/** kafkajs, as an application has it. */
export function foreignClient(bootstrap: string, login: Login, retries = 4): Kafka {
  return new KafkaJs({
    brokers: bootstrap.split(','),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 300, retries },
    sasl: { mechanism: 'scram-sha-512', ...login },
  });
}

function addressOf(cluster: Cluster, listener: ListenerName): string {
  return cluster.endpoints.map(({ listeners }) => `127.0.0.1:${listeners?.get(listener)?.port}`).join(',');
}
