/** Reads keys and values of one topic by its serdes, by the shortest way that each serde offers. */
import type { Record as WireRecord } from '@millrace/wire';
import { SerdeError } from '../errors.ts';
import { bytes, type Serde } from '../serde.ts';
import type { TopicLike } from '../topic.ts';
import { nameOf } from '../topic.ts';

export class TopicReader {
  readonly topic: string;
  readonly #key: Serde<unknown, never>;
  readonly #value: Serde<unknown, never>;

  constructor(topic: TopicLike) {
    this.topic = nameOf(topic);
    this.#key = typeof topic === 'string' ? bytes : topic.key;
    this.#value = typeof topic === 'string' ? bytes : topic.value;
  }

  /** Throws `SerdeError`. */
  key(record: WireRecord, partition: number): unknown {
    const serde = this.#key;
    if (serde === bytes) return record.key;
    try {
      return serde.deserializeText === undefined
        ? serde.deserialize(record.key)
        : serde.deserializeText(record.keyText());
    } catch (error) {
      throw new SerdeError('deserialize_failed', 'key', { topic: this.topic, partition, offset: record.offset }, error);
    }
  }

  /** Throws `SerdeError`. */
  value(record: WireRecord, partition: number): unknown {
    const serde = this.#value;
    if (serde === bytes) return record.value;
    try {
      return serde.deserializeText === undefined
        ? serde.deserialize(record.value)
        : serde.deserializeText(record.valueText());
    } catch (error) {
      throw new SerdeError(
        'deserialize_failed',
        'value',
        { topic: this.topic, partition, offset: record.offset },
        error,
      );
    }
  }
}

/** The readers of a consumer's topics; those without a descriptor (they match a pattern) have bytes. */
export class TopicReaders {
  readonly #readers = new Map<string, TopicReader>();

  constructor(topics: readonly TopicLike[]) {
    for (const topic of topics) this.#readers.set(nameOf(topic), new TopicReader(topic));
  }

  of(topic: string): TopicReader {
    let reader = this.#readers.get(topic);
    if (reader === undefined) {
      reader = new TopicReader(topic);
      this.#readers.set(topic, reader);
    }
    return reader;
  }
}
