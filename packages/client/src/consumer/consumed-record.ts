/** A record as consumers see it: a view over the record in its batch, read by the topic's serdes when it is touched. */
import type { RecordHeader, Record as WireRecord } from '@millrace/wire';
import type { RecordView } from '../consumer.ts';
import type { TopicReader } from './topic-reader.ts';

export class ConsumedRecord implements RecordView<string, unknown, unknown> {
  readonly #reader: TopicReader;
  readonly #record: WireRecord;
  readonly partition: number;

  constructor(reader: TopicReader, partition: number, record: WireRecord) {
    this.#reader = reader;
    this.partition = partition;
    this.#record = record;
  }

  get topic(): string {
    return this.#reader.topic;
  }

  get offset(): number {
    return this.#record.offset;
  }

  get timestamp(): number {
    return this.#record.timestamp;
  }

  get key(): unknown {
    return this.#reader.key(this.#record, this.partition);
  }

  get value(): unknown {
    return this.#reader.value(this.#record, this.partition);
  }

  get keyBytes(): Uint8Array | null {
    return this.#record.key;
  }

  get valueBytes(): Uint8Array | null {
    return this.#record.value;
  }

  get headers(): readonly RecordHeader[] {
    return this.#record.headers;
  }

  header(key: string): Uint8Array | null | undefined {
    return this.#record.headers.findLast((header) => header.key === key)?.value;
  }

  copy(): this {
    return new ConsumedRecord(this.#reader, this.partition, this.#record.copy()) as this;
  }
}
