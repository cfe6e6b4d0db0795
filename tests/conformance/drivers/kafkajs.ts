/** kafkajs, which has no consumers outside of groups: `read` uses a group that nobody else does. */
import kafkajsPackage, {
  type Admin,
  type Consumer,
  type Kafka as KafkaClient,
  type Producer,
  type SASLOptions,
} from 'kafkajs';
import type { Access, Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import {
  type Caller,
  type Driver,
  inOrder,
  type MemberOptions,
  type Message,
  type ReadOptions,
  type StoredMessage,
  transactOnce,
} from './driver.ts';
import { errorNameOf } from './error-names.ts';
import { MemberLog, readUntil } from './member-log.ts';

const { CompressionTypes, Kafka, logLevel } = kafkajsPackage;
const codecs = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP } as const;

export const kafkajs: Driver = {
  client: 'kafkajs',
  // It has the others by plug-ins.
  compressions: ['none', 'gzip'],
  protocols: ['classic'],
  mechanisms: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'],
  lettingGo: true,

  async produce(place, scope, { topic, messages, acks = -1, compression = 'none', idempotent = false, ...caller }) {
    if (compression !== 'none' && compression !== 'gzip') throw new Error(`kafkajs has no ${compression}`);
    const producer = await producerOf(place, scope, caller, { idempotent });
    await producer.send({ topic, messages: messages.map(toSend), acks, compression: codecs[compression] });
  },

  async read(place, scope, options) {
    const { topic, from = 'earliest', count } = options;
    const group = `${scope.name('reading')}-${groups++}`;
    const offset = from === 'earliest' ? undefined : await offsetOf(place, scope, topic, from);
    const member = await KafkajsMember.join(place, scope, { ...options, group, commit: 'never' });
    if (offset !== undefined) member.consumer.seek({ topic, partition: 0, offset });
    return inOrder(await readUntil(member, count)).slice(0, count);
  },

  async readInGroup(place, scope, options) {
    return inOrder(await readUntil(await KafkajsMember.join(place, scope, options), options.count));
  },

  join: (place, scope, options) => KafkajsMember.join(place, scope, options),

  async transact(place, scope, options) {
    await transactOnce(await transactional(place, scope, options), options);
  },

  transactional: (...arguments_) => transactional(...arguments_),

  errorName: errorNameOf,
};

let groups = 0;

/** kafkajs at a place, as somebody. */
export function kafkajsAt(place: Place, { access, clientId }: Caller = {}): KafkaClient {
  return new Kafka({
    brokers: place.bootstrap(access?.listener).split(','),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 6 },
    ...(clientId !== undefined && { clientId }),
    ...securityOf(access),
  });
}

/** Its admin, which ends with the scope. It elects no leaders, and sets no quotas. */
export async function kafkajsAdmin(place: Place, scope: Scope, caller: Caller = {}): Promise<Admin> {
  const admin = kafkajsAt(place, caller).admin();
  scope.defer(() => admin.disconnect());
  await admin.connect();
  return admin;
}

function securityOf(access: Access | undefined) {
  const { sasl, tls, listener = 'PLAINTEXT' } = access ?? {};
  const { ca, cert, key } = tls ?? {};
  return {
    ...(sasl !== undefined && { sasl: saslOf(sasl) }),
    ...(listener.endsWith('SSL') && { ssl: definedIn({ ca, cert, key }) }),
  };
}

function saslOf(sasl: NonNullable<Access['sasl']>): SASLOptions {
  if (sasl.mechanism === 'OAUTHBEARER') {
    const { token } = sasl;
    return { mechanism: 'oauthbearer', oauthBearerProvider: () => token(AbortSignal.timeout(5000)) };
  }
  const mechanism = sasl.mechanism.toLowerCase() as 'plain';
  return { mechanism, username: sasl.username, password: String(sasl.password) };
}

const transactional: NonNullable<Driver['transactional']> = async (place, scope, { transactionalId, ...caller }) => {
  const options = { transactionalId, idempotent: true, maxInFlightRequests: 1 };
  const producer = await producerOf(place, scope, caller, options);
  return {
    async begin() {
      const transaction = await producer.transaction();
      return {
        send: async (topic, messages) => void (await transaction.send({ topic, messages: messages.map(toSend) })),
        async sendOffset(member, { partition, offset }) {
          const partitions = [{ partition, offset: `${offset + 1}` }];
          await transaction.sendOffsets({
            consumerGroupId: member.group,
            topics: [{ topic: member.topic, partitions }],
          });
        },
        commit: () => transaction.commit(),
        abort: () => transaction.abort(),
      };
    },
  };
};

async function producerOf(
  place: Place,
  scope: Scope,
  caller: Caller,
  options: Parameters<KafkaClient['producer']>[0],
): Promise<Producer> {
  const producer = kafkajsAt(place, caller).producer({ allowAutoTopicCreation: false, ...options });
  scope.defer(() => producer.disconnect());
  await producer.connect();
  return producer;
}

class KafkajsMember extends MemberLog {
  readonly consumer: Consumer;

  private constructor(consumer: Consumer, options: MemberOptions) {
    super(options);
    this.consumer = consumer;
  }

  static async join(place: Place, scope: Scope, options: MemberOptions): Promise<KafkajsMember> {
    const { topic, group, isolation = 'read_uncommitted', handle, commit = 'each', onCommitted } = options;
    const consumer = kafkajsAt(place, options).consumer({
      groupId: group,
      allowAutoTopicCreation: false,
      readUncommitted: isolation === 'read_uncommitted',
      sessionTimeout: 10_000,
      rebalanceTimeout: 10_000,
      heartbeatInterval: 500,
      maxWaitTimeInMs: 100,
    });
    const member = new KafkajsMember(consumer, options);
    scope.defer(() => consumer.disconnect());
    consumer.on(consumer.events.CRASH, ({ payload }) => member.fail(payload.error));
    consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
      const partitions = payload.topics.flatMap((each) => each.partitions);
      for (const { partition, offset } of partitions) onCommitted?.(Number(partition), Number(offset));
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: commit === 'each',
      autoCommitThreshold: 1,
      eachMessage: async ({ partition, message: { offset, key, value, headers = {} } }) => {
        const texts = Object.entries(headers).map(([name, content]) => [name, `${content}`]);
        const message: StoredMessage = {
          partition,
          offset: Number(offset),
          key: key === null ? null : key.toString(),
          value: value === null ? null : value.toString(),
          headers: Object.fromEntries(texts) as Record<string, string>,
        };
        await handle?.(message);
        member.messages.push(message);
      },
    });
    return member;
  }

  protected close(): Promise<void> {
    return this.consumer.disconnect();
  }
}

/** The offset in partition 0 that something names. */
async function offsetOf(
  place: Place,
  scope: Scope,
  topic: string,
  from: Exclude<ReadOptions['from'], 'earliest' | undefined>,
): Promise<string> {
  if ('offset' in from) return `${from.offset}`;
  const admin = await kafkajsAdmin(place, scope);
  if ('timestamp' in from) {
    const [first] = await admin.fetchTopicOffsetsByTimestamp(topic, from.timestamp);
    return first?.offset ?? '0';
  }
  const partitions = await admin.fetchTopicOffsets(topic);
  return `${Number(partitions.find(({ partition }) => partition === 0)?.high) - from.last}`;
}

function toSend({ key = null, value, headers = {}, partition = 0 }: Message) {
  return { key, value, headers, partition };
}

function definedIn<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
