/**
 * What a Java client's `.properties` file means to our client. Keys that would change what happens and that we do not
 * have are an error that names them; keys that mean nothing here (serializers, pools, metrics) are passed over.
 */
import type { ClientOptions } from '../client.ts';
import type { AssignorName, GroupConsumerOptions } from '../consumer.ts';
import type { ProducerOptions } from '../producer.ts';
import { ClientConfigurationError } from './client-configuration-error.ts';
import { type Outside, securityConfiguration, securityKeys } from './security-configuration.ts';

export interface ClientConfiguration {
  readonly client: Mutable<Partial<ClientOptions>>;
  readonly producer: Mutable<ProducerOptions>;
  readonly consumer: Mutable<Omit<GroupConsumerOptions, 'group' | 'topics'>>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Apply = (to: ClientConfiguration, value: string) => void;

/** Keys we have. `group.id` is not among them: reading with a service's own file must not take its partitions away. */
const KEYS: Readonly<Record<string, Apply>> = {
  'bootstrap.servers': (to, value) => {
    to.client.bootstrap = value;
  },
  'client.id': (to, value) => {
    to.client.clientId = value;
  },
  'client.rack': (to, value) => {
    to.consumer.rack = value;
  },
  'request.timeout.ms': (to, value) => {
    to.client.requestTimeoutMs = whole(value);
  },
  'default.api.timeout.ms': (to, value) => {
    to.client.callTimeoutMs = whole(value);
  },
  'socket.connection.setup.timeout.ms': (to, value) => {
    to.client.connectTimeoutMs = whole(value);
  },
  'retry.backoff.ms': (to, value) => {
    to.client.retryBackoffMs = whole(value);
  },
  'retry.backoff.max.ms': (to, value) => {
    to.client.retryBackoffMaxMs = whole(value);
  },
  'metadata.max.age.ms': (to, value) => {
    to.client.metadataMaxAgeMs = whole(value);
  },
  acks: (to, value) => {
    to.producer.acks = oneOf(value, { all: -1, '-1': -1, '0': 0, '1': 1 });
  },
  'enable.idempotence': (to, value) => {
    to.producer.idempotent = oneOf(value, { true: true, false: false });
  },
  'compression.type': (to, value) => {
    to.producer.compression = oneOf(value, { none: 'none', gzip: 'gzip', snappy: 'snappy', lz4: 'lz4', zstd: 'zstd' });
  },
  'linger.ms': (to, value) => {
    to.producer.lingerMs = whole(value);
  },
  'batch.size': (to, value) => {
    to.producer.batchBytesMax = whole(value);
  },
  'max.request.size': (to, value) => {
    to.producer.requestBytesMax = whole(value);
  },
  'buffer.memory': (to, value) => {
    to.producer.bufferBytesMax = whole(value);
  },
  'delivery.timeout.ms': (to, value) => {
    to.producer.deliveryTimeoutMs = whole(value);
  },
  'max.in.flight.requests.per.connection': (to, value) => {
    to.producer.maxInFlight = whole(value);
  },
  'auto.offset.reset': (to, value) => {
    to.consumer.from = oneOf(value, { earliest: 'earliest', latest: 'latest', none: 'none' });
  },
  'group.instance.id': (to, value) => {
    to.consumer.instanceId = value;
  },
  'fetch.min.bytes': (to, value) => {
    to.consumer.fetchBytesMin = whole(value);
  },
  'fetch.max.bytes': (to, value) => {
    to.consumer.fetchBytesMax = whole(value);
  },
  'max.partition.fetch.bytes': (to, value) => {
    to.consumer.partitionBytesMax = whole(value);
  },
  'fetch.max.wait.ms': (to, value) => {
    to.consumer.fetchWaitMs = whole(value);
  },
  'session.timeout.ms': (to, value) => {
    to.consumer.sessionTimeoutMs = whole(value);
  },
  'heartbeat.interval.ms': (to, value) => {
    to.consumer.heartbeatIntervalMs = whole(value);
  },
  'max.poll.interval.ms': (to, value) => {
    to.consumer.batchTimeoutMs = whole(value);
  },
  'auto.commit.interval.ms': (to, value) => {
    to.consumer.commitIntervalMs = whole(value);
  },
  'check.crcs': (to, value) => {
    to.consumer.checkCrc = oneOf(value, { true: true, false: false });
  },
  'isolation.level': (to, value) => {
    to.consumer.isolation = oneOf(value, { read_uncommitted: 'read_uncommitted', read_committed: 'read_committed' });
  },
  'group.protocol': (to, value) => {
    to.consumer.protocol = oneOf(value, { classic: 'classic', consumer: 'consumer' });
  },
  'group.remote.assignor': (to, value) => {
    to.consumer.serverAssignor = value;
  },
  'partition.assignment.strategy': (to, value) => {
    to.consumer.assignor = value.split(',').map((each) => oneOf(each.trim(), assignors));
  },
  'connections.max.idle.ms': (to, value) => {
    to.client.connectionIdleMaxMs = whole(value);
  },
  'enable.metrics.push': (to, value) => {
    to.client.telemetry = oneOf(value, { true: true, false: false });
  },
};

/** By their classes in small letters, and as librdkafka calls them. */
const assignors: Readonly<Record<string, AssignorName>> = {
  'org.apache.kafka.clients.consumer.cooperativestickyassignor': 'cooperative-sticky',
  'org.apache.kafka.clients.consumer.rangeassignor': 'range',
  'org.apache.kafka.clients.consumer.roundrobinassignor': 'roundrobin',
  'cooperative-sticky': 'cooperative-sticky',
  range: 'range',
  roundrobin: 'roundrobin',
};

/** Keys without a meaning for a command line, or whose effect nobody sees. */
const PASSED_OVER = new Set([
  'group.id',
  'enable.auto.commit',
  'max.poll.records',
  'allow.auto.create.topics',
  'exclude.internal.topics',
  'max.block.ms',
  'retries',
  'key.serializer',
  'value.serializer',
  'key.deserializer',
  'value.deserializer',
  'client.dns.lookup',
  'send.buffer.bytes',
  'receive.buffer.bytes',
  'reconnect.backoff.ms',
  'reconnect.backoff.max.ms',
  'socket.connection.setup.timeout.max.ms',
  'metadata.max.idle.ms',
  'metric.reporters',
  'metrics.num.samples',
  'metrics.recording.level',
  'metrics.sample.window.ms',
  'auto.include.jmx.reporter',
]);

/** All keys that a configuration may have, those without an effect included; ascending. */
export const configurationKeys: readonly string[] = [...Object.keys(KEYS), ...PASSED_OVER, ...securityKeys].sort();

/** A value that a key can't have here. */
class Unfit extends Error {}

/**
 * @throws ClientConfigurationError that names what is not supported or has a wrong value. `source` is for its message.
 */
export function javaConfiguration(
  properties: ReadonlyMap<string, string>,
  source: string,
  outside: Outside,
): ClientConfiguration {
  const configuration: ClientConfiguration = { client: {}, producer: {}, consumer: {} };
  const unsupported: string[] = [];
  for (const [key, value] of properties) {
    if (securityKeys.has(key)) continue;
    const apply = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (apply === undefined) {
      if (!PASSED_OVER.has(key)) unsupported.push(key);
      continue;
    }
    try {
      apply(configuration, value.trim());
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      throw new ClientConfigurationError(source, `${key}: ${error.message}`);
    }
  }
  if (unsupported.length > 0) {
    throw new ClientConfigurationError(source, `not supported: ${unsupported.join(', ')}`, 'Take those lines out.');
  }
  const security = securityConfiguration(properties, source, outside);
  if (security !== undefined) configuration.client.security = security;
  return configuration;
}

function whole(value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  throw new Unfit(`'${value}' is not a whole number`);
}

function oneOf<const T>(value: string, choices: Readonly<Record<string, T>>): T {
  const word = value.toLowerCase();
  if (Object.hasOwn(choices, word)) return choices[word] as T;
  throw new Unfit(`'${value}' is none of ${Object.keys(choices).join(', ')}`);
}
