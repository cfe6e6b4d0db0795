/**
 * One topic as a producer sees it: serializes records, chooses their partitions, and hands them to the accumulator.
 * Until the topic's partitions are known, records wait here in their order.
 */
import { SerdeError } from '../errors.ts';
import type { HeadersInput } from '../producer.ts';
import { bytes, type Serde } from '../serde.ts';
import type { TopicLike } from '../topic.ts';
import { nameOf } from '../topic.ts';
import type { SendWaiter } from './partition-batch.ts';
import { anyPartition } from './partitioner.ts';
import { headerInputs } from './record-headers.ts';
import type { TopicPartitions } from './topic-partitions.ts';
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

export class TopicWriter {
  readonly #name: string;
  readonly #key: Serde<unknown, unknown>;
  readonly #value: Serde<unknown, unknown>;
  readonly #keyIsBytes: boolean;
  readonly #valueIsBytes: boolean;
  readonly #partitions: TopicPartitions;
  readonly #clock: TurnClock;

  constructor(topic: TopicLike, partitions: TopicPartitions, clock: TurnClock) {
    this.#name = nameOf(topic);
    this.#key = (typeof topic === 'string' ? bytes : topic.key) as Serde<unknown, unknown>;
    this.#value = (typeof topic === 'string' ? bytes : topic.value) as Serde<unknown, unknown>;
    this.#keyIsBytes = this.#key === (bytes as Serde<unknown, unknown>);
    this.#valueIsBytes = this.#value === (bytes as Serde<unknown, unknown>);
    this.#partitions = partitions;
    this.#clock = clock;
  }

  /** Accepts a record, or throws. Answers false while the topic is being looked up. */
  write(record: AnyRecord, waiter: SendWaiter | undefined): boolean {
    const key = this.#keyIsBytes ? (record.key ?? null) : this.#serialize('key', this.#key, record.key ?? null);
    const value = this.#valueIsBytes ? record.value : this.#serialize('value', this.#value, record.value);
    if (!isField(key)) throw this.#wrongType('key', key);
    if (!isField(value)) throw this.#wrongType('value', value);
    const timestamp = record.timestamp ?? this.#clock.now();
    const headers = headerInputs(record.headers);
    if (waiter !== undefined) waiter.timestamp = timestamp;
    return this.#partitions.append(timestamp, key, value, headers, record.partition ?? anyPartition, waiter);
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
