/** One topic as a producer sees it: checks and serializes records, and hands them on. */
import type { HeaderInput } from '@millrace/wire';
import { SerdeError } from '../errors.ts';
import type { HeadersInput } from '../producer.ts';
import { bytes, type Serde } from '../serde.ts';
import type { TopicLike } from '../topic.ts';
import { nameOf } from '../topic.ts';
import type { SendWaiter } from './partition-batch.ts';
import { anyPartition } from './partitioner.ts';
import { headerInputs } from './record-headers.ts';
import type { TurnClock } from './turn-clock.ts';

/** A record as the producer gets it, whatever its types. */
export interface AnyRecord {
  readonly topic: TopicLike;
  readonly key?: unknown;
  readonly value: unknown;
  readonly headers?: HeadersInput | undefined;
  readonly partition?: number | undefined;
  readonly timestamp?: number | undefined;
}

/** Takes records as bytes. */
export interface RecordSink {
  /** Answers whether there is no reason to wait. Throws when the record can't be accepted. */
  append(
    timestamp: number,
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    headers: readonly HeaderInput[],
    partition: number,
    waiter: SendWaiter | undefined,
  ): boolean;
}

export class TopicWriter {
  readonly #name: string;
  readonly #key: Serde<unknown, unknown>;
  readonly #value: Serde<unknown, unknown>;
  readonly #keyIsBytes: boolean;
  readonly #valueIsBytes: boolean;
  readonly #sink: RecordSink;
  readonly #clock: TurnClock;

  constructor(topic: TopicLike, sink: RecordSink, clock: TurnClock) {
    this.#name = nameOf(topic);
    this.#key = (typeof topic === 'string' ? bytes : topic.key) as Serde<unknown, unknown>;
    this.#value = (typeof topic === 'string' ? bytes : topic.value) as Serde<unknown, unknown>;
    this.#keyIsBytes = this.#key === (bytes as Serde<unknown, unknown>);
    this.#valueIsBytes = this.#value === (bytes as Serde<unknown, unknown>);
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Accepts a record, or throws. Answers as the sink does. */
  write(record: AnyRecord, waiter: SendWaiter | undefined): boolean {
    const key = this.#keyIsBytes ? (record.key ?? null) : this.#serialize('key', this.#key, record.key ?? null);
    const value = this.#valueIsBytes ? record.value : this.#serialize('value', this.#value, record.value);
    if (!isField(key)) throw this.#wrongType('key', key);
    if (!isField(value)) throw this.#wrongType('value', value);
    const timestamp = record.timestamp ?? this.#clock.now();
    const headers = headerInputs(record.headers);
    if (waiter !== undefined) waiter.timestamp = timestamp;
    return this.#sink.append(timestamp, key, value, headers, record.partition ?? anyPartition, waiter);
  }

  #serialize(field: 'key' | 'value', serde: Serde<unknown, unknown>, value: unknown): unknown {
    try {
      return serde.serialize(value);
    } catch (error) {
      throw new SerdeError('serialize_failed', field, { topic: this.#name }, error);
    }
  }

  #wrongType(field: 'key' | 'value', value: unknown): SerdeError {
    const isObject = typeof value === 'object';
    const found = isObject ? `an object of ${value?.constructor?.name ?? 'no class'}` : String(value);
    const advice =
      `it must be bytes, text or null, but is ${found}; give the topic a serde, as in ` + `topic(name, { ${field} })`;
    return new SerdeError('serialize_failed', field, { topic: this.#name }, new TypeError(advice));
  }
}

function isField(value: unknown): value is Uint8Array | string | null {
  return typeof value === 'string' || value === null || value instanceof Uint8Array;
}
