/** Our own client. */
import { CommitError, type Consumer, type ConsumerRecord, isMillraceError, KafkaError, unwrap } from '@millrace/client';
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
import { MemberLog, readUntil } from './member-log.ts';

export const millrace: Driver = {
  client: 'millrace',
  compressions,
  protocols: ['classic', 'consumer'],
  mechanisms: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'],
  lettingGo: true,

  async produce(_place, scope, { topic, messages, acks, compression, idempotent, ...caller }) {
    const producer = connect(scope, caller).producer({ acks, compression, idempotent });
    for (const message of messages) producer.write(recordOf(topic, message));
    await producer.close();
  },

  async read(_place, scope, options) {
    const { topic, isolation, from = 'earliest', count } = options;
    const client = connect(scope, options);
    const consumer =
      from === 'earliest'
        ? client.consumer({ topics: [topic], from, isolation })
        : client.consumer({ assign: [{ topic, partition: 0, offset: await offsetOf(scope, topic, from) }], isolation });
    const read: StoredMessage[] = [];
    for await (const batch of consumer) {
      for (const record of batch) read.push(storedOf(record));
      if (read.length >= count) break;
    }
    await consumer.close();
    return inOrder(read);
  },

  async readInGroup(place, scope, options) {
    return inOrder(await readUntil(await millrace.join(place, scope, options), options.count));
  },

  async join(_place, scope, options) {
    const member = new MillraceMember(scope, options);
    scope.defer(() => member.consumer.close());
    return member;
  },

  async transact(place, scope, options) {
    await transactOnce(await transactional(place, scope, options), options);
  },

  transactional: (...arguments_) => transactional(...arguments_),

  errorName: (error) => kafkaErrorIn(error)?.errorName ?? ownName(error) ?? String(error),
};

const transactional: NonNullable<Driver['transactional']> = async (_place, scope, { transactionalId, ...caller }) => {
  const producer = connect(scope, caller).producer({ transactionalId });
  return {
    async begin() {
      const transaction = await producer.begin();
      return {
        async send(topic, messages) {
          await Promise.all(messages.map((message) => transaction.send(recordOf(topic, message))));
        },
        async sendOffset(member, { partition, offset }) {
          if (!(member instanceof MillraceMember)) throw new Error('a member of another client');
          const offsets = [{ topic: member.topic, partition, offset: offset + 1 }];
          await transaction.sendOffsets({ ...member.consumer.groupOffsets(), offsets });
        },
        commit: () => transaction.commit(),
        abort: () => transaction.abort(),
      };
    },
  };
};

function connect(scope: Scope, { access, clientId }: Caller) {
  return scope.connect(access, { clientId });
}

class MillraceMember extends MemberLog {
  readonly consumer: Consumer;
  readonly #running: Promise<void>;

  constructor(scope: Scope, options: MemberOptions) {
    super(options);
    const { topic, group, protocol, isolation } = options;
    this.consumer = connect(scope, options).consumer({
      topics: [topic],
      group,
      protocol,
      isolation,
      from: 'earliest',
      commit: 'manual',
      ...(protocol !== 'consumer' && { heartbeatIntervalMs: 500 }),
    });
    this.#running = this.#run(options).catch((error) => this.fail(error));
  }

  async #run({ handle, commit = 'each', onCommitted }: MemberOptions): Promise<void> {
    for await (const record of this.consumer.records()) {
      const { topic, partition, offset } = record;
      const message = storedOf(record);
      await handle?.(message);
      if (commit === 'each' && (await this.#commit({ topic, partition, offset: offset + 1 }))) {
        onCommitted?.(partition, offset + 1);
      }
      this.messages.push(message);
    }
  }

  /** Whether it was taken: a partition may have gone to another member in the meantime. */
  async #commit(offset: { topic: string; partition: number; offset: number }): Promise<boolean> {
    try {
      await this.consumer.commit([offset]);
      return true;
    } catch (error) {
      if (error instanceof CommitError && movedOn.has(kafkaErrorIn(error)?.errorName ?? '')) return false;
      throw error;
    }
  }

  protected async close(): Promise<void> {
    await this.consumer.close();
    await this.#running;
  }
}

/** The group did without this member's word. */
const movedOn: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'REBALANCE_IN_PROGRESS',
  'STALE_MEMBER_EPOCH',
  'UNKNOWN_MEMBER_ID',
]);

/** Kafka's name for an error that has a class of its own. */
function ownName(error: unknown): string | undefined {
  if (isMillraceError(error, 'authentication_failed')) return 'SASL_AUTHENTICATION_FAILED';
  if (isMillraceError(error, 'no_offset')) return 'OFFSET_OUT_OF_RANGE';
  return error instanceof Error ? ownName(error.cause) : undefined;
}

/** The first of Kafka's errors in the chain of causes. */
export function kafkaErrorIn(error: unknown): KafkaError | undefined {
  if (error instanceof KafkaError) return error;
  if (error instanceof AggregateError) return error.errors.map(kafkaErrorIn).find((each) => each !== undefined);
  return error instanceof Error ? kafkaErrorIn(error.cause) : undefined;
}

function recordOf(topic: string, { key = null, value, headers = {}, partition = 0 }: Message) {
  return { topic, key, value, headers, partition };
}

async function offsetOf(scope: Scope, topic: string, from: Exclude<ReadOptions['from'], 'earliest' | undefined>) {
  if ('offset' in from) return from.offset;
  if ('timestamp' in from) return from;
  const [end] = unwrap(await scope.admin.listOffsets([{ topic, partition: 0, at: 'latest' }]));
  return (end?.offset ?? 0) - from.last;
}

function storedOf({ partition, offset, keyBytes, valueBytes, headers }: ConsumerRecord): StoredMessage {
  return {
    partition,
    offset,
    key: textOf(keyBytes),
    value: textOf(valueBytes),
    headers: Object.fromEntries(headers.map(({ key, value }) => [key, textOf(value) ?? ''])),
  };
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}
