/**
 * `@platformatic/kafka`, which has no consumers outside of groups: `read` uses a group that nobody else does. After a
 * rebalance its members may go on reading partitions that went to others, whatever the broker.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Admin,
  Consumer,
  type Deserializers,
  type Message as Incoming,
  type MessagesStream,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  Producer,
  type Serializers,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import type { Access, Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import {
  type Caller,
  compressions,
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

type Text = string | undefined;
type TextMessage = Incoming<Text, Text, Text, Text>;
type TextConsumer = Consumer<Text, Text, Text, Text>;
type TextStream = MessagesStream<Text, Text, Text, Text>;

export const platformatic: Driver = {
  client: '@platformatic/kafka',
  compressions,
  protocols: ['classic', 'consumer'],
  mechanisms: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'],
  lettingGo: false,

  async produce(place, scope, { topic, messages, acks = -1, compression = 'none', idempotent = false, ...caller }) {
    const producer = producerOf(place, scope, { ...caller, idempotent });
    await producer.send({ messages: messages.map((each) => toSend(topic, each)), acks, compression });
  },

  async read(place, scope, options) {
    const { topic, from = 'earliest', count } = options;
    const group = `${scope.name('reading')}-${groups++}`;
    const member = new PlatformaticMember(place, scope, { ...options, group, commit: 'never' });
    if (from === 'earliest') await member.consume({ mode: MessagesStreamModes.EARLIEST });
    else {
      const offset = await offsetOf(member.consumer, topic, from);
      const offsets = [{ topic, partition: 0, offset }];
      await member.consume({ mode: MessagesStreamModes.MANUAL, offsets });
    }
    return inOrder(await readUntil(member, count)).slice(0, count);
  },

  async readInGroup(place, scope, options) {
    return inOrder(await readUntil(await platformatic.join(place, scope, options), options.count));
  },

  async join(place, scope, options) {
    const member = new PlatformaticMember(place, scope, options);
    const fallbackMode = MessagesStreamFallbackModes.EARLIEST;
    await member.consume({ mode: MessagesStreamModes.COMMITTED, fallbackMode });
    return member;
  },

  async transact(place, scope, options) {
    await transactOnce(await transactional(place, scope, options), options);
  },

  transactional: (...arguments_) => transactional(...arguments_),

  errorName: errorNameOf,
};

let groups = 0;

/** How its clients come to a place, as somebody. */
export function platformaticAt(place: Place, { access, clientId = 'conformance' }: Caller = {}) {
  const { tls, listener = 'PLAINTEXT' } = access ?? {};
  const { ca, cert, key } = tls ?? {};
  return {
    clientId,
    bootstrapBrokers: place.bootstrap(access?.listener).split(','),
    // Who is refused is refused again.
    retries: access === undefined ? 10 : 3,
    retryDelay: 100,
    autocreateTopics: false,
    ...saslOf(access?.sasl),
    ...(listener.endsWith('SSL') && { tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) } }),
  };
}

/** Its admin, which ends with the scope. It reassigns no partitions, and elects no leaders. */
export function platformaticAdmin(place: Place, scope: Scope, caller: Caller = {}): Admin {
  const admin = new Admin(platformaticAt(place, caller));
  scope.defer(() => admin.close());
  return admin;
}

function saslOf(sasl: Access['sasl']) {
  if (sasl === undefined) return {};
  if (sasl.mechanism !== 'OAUTHBEARER') {
    const { mechanism, username, password } = sasl;
    return { sasl: { mechanism, username, password: String(password) } };
  }
  const { mechanism, token } = sasl;
  return { sasl: { mechanism, token: async () => (await token(AbortSignal.timeout(5000))).value } };
}

const transactional: NonNullable<Driver['transactional']> = async (place, scope, options) => {
  const producer = producerOf(place, scope, { ...options, idempotent: true });
  return {
    async begin() {
      const transaction = await producer.beginTransaction();
      return {
        send: async (topic, messages) =>
          void (await transaction.send({ messages: messages.map((each) => toSend(topic, each)) })),
        async sendOffset(member, message) {
          if (!(member instanceof PlatformaticMember)) throw new Error('a member of another client');
          await transaction.addConsumer(member.consumer);
          await transaction.addOffset(member.incoming(message));
        },
        commit: () => transaction.commit(),
        abort: () => transaction.abort(),
      };
    },
  };
};

function producerOf(
  place: Place,
  scope: Scope,
  options: Caller & { readonly idempotent: boolean; readonly transactionalId?: string },
): Producer<Text, Text, string, string> {
  const { idempotent, transactionalId } = options;
  const producer = new Producer<Text, Text, string, string>({
    ...platformaticAt(place, options),
    serializers: stringSerializers as Serializers<Text, Text, string, string>,
    idempotent,
    // Its own defaults, which are those of some other producer, would be taken for a zombie's.
    ...(transactionalId !== undefined && { transactionalId, producerId: -1n, producerEpoch: -1 }),
  });
  scope.defer(() => producer.close());
  return producer;
}

class PlatformaticMember extends MemberLog {
  readonly consumer: TextConsumer;
  readonly #options: MemberOptions;
  readonly #incoming = new Map<StoredMessage, TextMessage>();
  #stream: TextStream | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(place: Place, scope: Scope, options: MemberOptions) {
    super(options);
    this.#options = options;
    const { group, protocol = 'classic' } = options;
    const times = { sessionTimeout: 10_000, rebalanceTimeout: 10_000, heartbeatInterval: 500 };
    this.consumer = new Consumer<Text, Text, Text, Text>({
      ...platformaticAt(place, options),
      groupId: group,
      deserializers: stringDeserializers as Deserializers<Text, Text, Text, Text>,
      maxWaitTime: 100,
      ...(protocol === 'consumer' ? { groupProtocol: protocol } : times),
    });
    scope.defer(() => this.close());
  }

  async consume(
    where: Pick<Parameters<TextConsumer['consume']>[0], 'mode' | 'fallbackMode' | 'offsets'>,
  ): Promise<void> {
    const { topic, isolation = 'read_uncommitted' } = this.#options;
    const isolationLevel = isolation === 'read_committed' ? 1 : 0;
    this.#stream = await this.consumer.consume({ topics: [topic], autocommit: false, isolationLevel, ...where });
    this.#running = this.#run(this.#stream).catch((error) => this.fail(error));
  }

  /** The message as the client handed it out. */
  incoming(message: StoredMessage): TextMessage {
    const incoming = this.#incoming.get(message);
    if (incoming === undefined) throw new Error('a message of another member');
    return incoming;
  }

  async #run(stream: TextStream): Promise<void> {
    const { handle, commit = 'each', onCommitted } = this.#options;
    for await (const incoming of stream) {
      const message = storedOf(incoming);
      this.#incoming.set(message, incoming);
      await handle?.(message);
      if (commit === 'each') {
        await committed(incoming);
        onCommitted?.(message.partition, message.offset + 1);
      }
      this.messages.push(message);
    }
  }

  protected close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    await this.#stream?.close();
    await this.#running;
    await this.consumer.close(true);
  }
}

/**
 * A member that commits just when the group has gone on is told to do so again with its new epoch, which this client
 * leaves to the program.
 */
async function committed(incoming: TextMessage): Promise<void> {
  for (let triesLeft = 5; ; triesLeft--) {
    try {
      return await incoming.commit();
    } catch (error) {
      if (triesLeft === 0 || !isStaleEpoch(error)) throw error;
      await sleep(100);
    }
  }
}

function isStaleEpoch(error: unknown): boolean {
  return error instanceof AggregateError && error.errors.some(({ apiId }) => apiId === 'STALE_MEMBER_EPOCH');
}

/** The offset in partition 0 that something names. */
async function offsetOf(
  consumer: TextConsumer,
  topic: string,
  from: Exclude<ReadOptions['from'], 'earliest' | undefined>,
): Promise<bigint> {
  if ('offset' in from) return BigInt(from.offset);
  const timestamp = 'timestamp' in from ? BigInt(from.timestamp) : -1n;
  const offsets = await consumer.listOffsets({ topics: [topic], timestamp });
  return (offsets.get(topic)?.[0] ?? 0n) - ('last' in from ? BigInt(from.last) : 0n);
}

function toSend(topic: string, { key, value, headers = {}, partition = 0 }: Message) {
  return { topic, key: key ?? undefined, value: value ?? undefined, headers: { ...headers }, partition };
}

function storedOf({ partition, offset, key, value, headers }: TextMessage): StoredMessage {
  const texts = [...headers].map(([name, content]) => [name ?? '', content ?? '']);
  return {
    partition,
    offset: Number(offset),
    key: key ?? null,
    value: value ?? null,
    headers: Object.fromEntries(texts) as Record<string, string>,
  };
}
