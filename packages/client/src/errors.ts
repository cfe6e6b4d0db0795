/**
 * What can go wrong in a client. Errors that a broker answers with are `KafkaError` of wire; those of connecting are
 * `ConnectError` of base; both often stand as `cause` of one of these.
 */
import { MillraceError } from '@millrace/base';
import type { KafkaError } from '@millrace/wire';
import type { TopicPartition, TopicPartitionOffset } from './topic.ts';

/** An option or argument has a value that can't be. Thrown where it is given. */
export class InvalidOptionError extends MillraceError {
  readonly code = 'invalid_option';
  readonly option: string;

  constructor(option: string, problem: string) {
    super(`${option} ${problem}`);
    this.option = option;
  }
}

/** The client, producer, consumer or admin was closed before. */
export class ClosedError extends MillraceError {
  readonly code = 'closed';

  constructor(what: 'client' | 'producer' | 'consumer' | 'admin' | 'connection') {
    super(`the ${what} is closed; make a new one`);
  }
}

/** No bootstrap server answered. `cause` is an AggregateError of what each attempt ran into. */
export class NoBrokerError extends MillraceError {
  readonly code = 'no_broker';
  override readonly retriable = true;
  readonly bootstrap: readonly string[];

  constructor(bootstrap: readonly string[], waitedMs: number, attempts: readonly Error[]) {
    const last = attempts.at(-1);
    super(
      `no broker of ${bootstrap.join(', ')} answered within ${waitedMs} ms${last ? ` (${last.message})` : ''}; ` +
        'check the addresses and that the cluster is up',
      { cause: attempts.length === 1 ? last : new AggregateError(attempts) },
    );
    this.bootstrap = bootstrap;
  }
}

/** A connection broke before the answer came: whether the broker acted on the request is unknown. */
export class ConnectionLostError extends MillraceError {
  readonly code = 'connection_lost';
  override readonly retriable = true;
  /** `host:port` of the broker. */
  readonly broker: string;

  constructor(broker: string, reason: string, cause?: unknown) {
    super(`the connection to broker ${broker} was lost: ${reason}`, { cause });
    this.broker = broker;
  }
}

/** A broker did not answer a request in time. */
export class RequestTimeoutError extends MillraceError {
  readonly code = 'request_timeout';
  override readonly retriable = true;
  /** `host:port` of the broker, or of those that had not answered, and what; `the cluster` when nothing was asked. */
  readonly broker: string;
  readonly timeoutMs: number;

  constructor(request: string, broker: string, timeoutMs: number, cause?: unknown) {
    super(
      `${request}: no answer from ${broker} within ${timeoutMs} ms; is the broker overloaded, or the network cut?`,
      {
        cause,
      },
    );
    this.broker = broker;
    this.timeoutMs = timeoutMs;
  }
}

/** A broker is too old, or too new, for what was asked of it. */
export class UnsupportedApiError extends MillraceError {
  readonly code = 'unsupported_api';
  readonly broker: string;
  readonly api: string;

  constructor(api: string, broker: string, detail: string) {
    super(`broker ${broker} does not offer ${api}${detail}; it may be too old, upgrade it`);
    this.api = api;
    this.broker = broker;
  }
}

/** The cluster has no such topic, or may not show it to this client. */
export class UnknownTopicError extends MillraceError {
  readonly code = 'unknown_topic';
  readonly topic: string;

  constructor(topic: string, waitedMs: number, cause?: unknown) {
    super(
      `topic ${topic} does not exist (asked again for ${Math.round(waitedMs)} ms); create it, for example with ` +
        'admin.createTopics, or check its name',
      { cause },
    );
    this.topic = topic;
  }
}

/** A topic has no such partition. */
export class UnknownPartitionError extends MillraceError {
  readonly code = 'unknown_partition';
  readonly topic: string;
  readonly partition: number;
  readonly partitionCount: number;

  constructor(topic: string, partition: number, partitionCount: number) {
    super(`topic ${topic} has no partition ${partition}: it has ${partitionCount}, from 0 to ${partitionCount - 1}`);
    this.topic = topic;
    this.partition = partition;
    this.partitionCount = partitionCount;
  }
}

/** A serde threw: a value that can't be written, or bytes that can't be read. The serde's own error is the `cause`. */
export class SerdeError extends MillraceError {
  readonly code: 'serialize_failed' | 'deserialize_failed';
  readonly topic: string;
  readonly field: 'key' | 'value';
  /** Where the record lies; undefined when it was being written. */
  readonly partition: number | undefined;
  readonly offset: number | undefined;

  constructor(
    code: SerdeError['code'],
    field: 'key' | 'value',
    where: { readonly topic: string; readonly partition?: number; readonly offset?: number },
    cause: unknown,
  ) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      code === 'serialize_failed'
        ? `the ${field} of a record for topic ${where.topic} can't be serialized: ${reason}`
        : `the ${field} of the record at ${where.topic} [${where.partition}] offset ${where.offset} can't be read: ` +
            `${reason}; its bytes are at record.${field}Bytes`,
      { cause },
    );
    this.code = code;
    this.field = field;
    this.topic = where.topic;
    this.partition = where.partition;
    this.offset = where.offset;
  }
}

/** A record is larger than a batch may be. */
export class RecordTooLargeError extends MillraceError {
  readonly code = 'record_too_large';
  readonly topic: string;
  readonly limitBytes: number;

  constructor(topic: string, limitBytes: number, cause?: unknown) {
    super(
      `a record for topic ${topic} does not fit a batch of ${limitBytes} bytes; make it smaller, or raise the ` +
        "producer's batchBytesMax together with the topic's max.message.bytes",
      { cause },
    );
    this.topic = topic;
    this.limitBytes = limitBytes;
  }
}

/** The producer holds twice as many bytes as it should: whoever writes does not wait when `write` answers false. */
export class BufferFullError extends MillraceError {
  readonly code = 'buffer_full';
  override readonly retriable = true;
  readonly bufferedBytes: number;

  constructor(bufferedBytes: number, limitBytes: number) {
    super(
      `the producer holds ${bufferedBytes} bytes that brokers have not acknowledged, twice its bufferBytesMax of ` +
        `${limitBytes}; wait for ready() when write() answers false`,
    );
    this.bufferedBytes = bufferedBytes;
  }
}

/** Records that were accepted are not known to be stored. The broker's refusal, or the last failure, is the `cause`. */
export class DeliveryError extends MillraceError {
  /** `delivery_failed`: trying again would not have helped. `delivery_ambiguous`: the producer left the cluster. */
  readonly code: 'delivery_failed' | 'delivery_timeout' | 'delivery_ambiguous';
  override readonly retriable: boolean;
  readonly topic: string;
  /** -1 when the partition was not known yet. */
  readonly partition: number;
  readonly recordCount: number;
  /** False when the records are surely not stored; true when a broker had them and never told. */
  readonly maybeStored: boolean;

  constructor(
    code: DeliveryError['code'],
    where: Pick<DeliveryError, 'topic' | 'partition' | 'recordCount' | 'maybeStored'>,
    detail: string,
    cause?: unknown,
  ) {
    const records = `${where.recordCount} record${where.recordCount === 1 ? '' : 's'}`;
    const place = where.partition < 0 ? where.topic : `${where.topic} [${where.partition}]`;
    super(`${records} for ${place} could not be delivered: ${detail}`, { cause });
    this.code = code;
    this.retriable = code === 'delivery_timeout';
    this.topic = where.topic;
    this.partition = where.partition;
    this.recordCount = where.recordCount;
    this.maybeStored = where.maybeStored;
  }
}

/** An offset is not in the log (any more) and `from` is `none`; or the group has none there. */
export class NoOffsetError extends MillraceError {
  readonly code = 'no_offset';
  readonly topic: string;
  readonly partition: number;
  /** The offset asked for; undefined when the group has stored none. */
  readonly offset: number | undefined;

  constructor(place: TopicPartition, offset: number | undefined) {
    const what =
      offset === undefined
        ? `the group has no committed offset for ${place.topic} [${place.partition}]`
        : `offset ${offset} of ${place.topic} [${place.partition}] is not in the log (deleted by retention, or never ` +
          'written)';
    super(`${what}, and from is 'none'; seek() to an offset, or set from to 'earliest' or 'latest'`);
    this.topic = place.topic;
    this.partition = place.partition;
    this.offset = offset;
  }
}

/**
 * Fetched records can't be read: a wrong checksum, a contradiction in their bytes, or compression that can't be undone.
 */
export class CorruptBatchError extends MillraceError {
  readonly code = 'corrupt_batch';
  readonly topic: string;
  readonly partition: number;
  /** Of the first record that can't be read. */
  readonly offset: number;
  /** Where reading can go on behind them. */
  readonly nextOffset: number;

  constructor(place: TopicPartitionOffset, nextOffset: number, detail: string, cause: unknown) {
    super(
      `the records at ${place.topic} [${place.partition}] offset ${place.offset} can't be read: ${detail}; seek() to ` +
        `${nextOffset} to go on behind them`,
      { cause },
    );
    this.topic = place.topic;
    this.partition = place.partition;
    this.offset = place.offset;
    this.nextOffset = nextOffset;
  }
}

/** A partition is not one of this consumer's just now. */
export class NotAssignedError extends MillraceError {
  readonly code = 'not_assigned';
  readonly topic: string;
  readonly partition: number;

  constructor(place: TopicPartition) {
    super(
      `${place.topic} [${place.partition}] is not assigned to this consumer; assignment() tells what is, and ` +
        'onAssigned when that changes',
    );
    this.topic = place.topic;
    this.partition = place.partition;
  }
}

/** Offsets were not committed. */
export class CommitError extends MillraceError {
  readonly code = 'commit_failed';
  override readonly retriable: boolean;
  /** What was not committed. */
  readonly offsets: readonly TopicPartitionOffset[];

  constructor(group: string, offsets: readonly TopicPartitionOffset[], detail: string, cause?: unknown) {
    super(`group ${group}: offsets of ${offsets.length} partitions were not committed: ${detail}`, { cause });
    this.retriable = (cause as KafkaError | undefined)?.retriable ?? false;
    this.offsets = offsets;
  }
}

/** Two loops over one consumer at a time. */
export class ConsumerBusyError extends MillraceError {
  readonly code = 'consumer_busy';

  constructor() {
    super('another loop over this consumer is running; leave it first, or make a second consumer');
  }
}
