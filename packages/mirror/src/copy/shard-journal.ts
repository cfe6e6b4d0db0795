/**
 * The journal of one shard: a partition of the mirror's offsets topic, which only the shard's owner writes. It holds
 * the offset map of each of the shard's partitions, in chunks by key, of which compaction keeps the newest of each.
 *
 * An entry is announced before data is sent that depends on it, and what is announced while one write is under way goes
 * out together with the next.
 */
import type { TopicPartition } from '@millrace/client';
import { type RecordBatch, RecordBatchBuilder } from '@millrace/wire';
import {
  decodeJournalChunk,
  decodeJournalKey,
  encodeJournalChunk,
  encodeJournalKey,
  type JournalChunk,
} from '../offset-map/journal-record.ts';
import { onceATurn } from '../once-a-turn.ts';
import type { PartitionCopy } from './partition-copy.ts';
import type { TargetPartition } from './target-partition.ts';

/** Most bytes of one write. */
const writeBytesMax = 512 * 1024;

export interface NumberedChunk {
  readonly chunk: number;
  readonly value: JournalChunk;
}

/** The chunks of each partition's map by number, as a journal tells them. */
export class JournalContent {
  readonly #chunks = new Map<string, Map<number, JournalChunk>>();
  /** In their order, as far as that was asked for. */
  readonly #ascending = new Map<string, readonly NumberedChunk[]>();

  /** Takes over a batch of the journal, in the order of the log. Throws `JournalRecordError` and wire's errors. */
  add(batch: RecordBatch): void {
    if (batch.isControl) return;
    for (const { key, value } of batch.records()) {
      if (key === null) continue;
      const { topic, partition, chunk } = decodeJournalKey(key);
      const name = nameOf({ topic, partition });
      const chunks = this.#chunks.get(name) ?? new Map<number, JournalChunk>();
      this.#chunks.set(name, chunks);
      this.#ascending.delete(name);
      if (value === null) chunks.delete(chunk);
      else chunks.set(chunk, decodeJournalChunk(value));
    }
  }

  /** The partitions of which something is known. */
  get partitions(): TopicPartition[] {
    return [...this.#chunks].filter(([, chunks]) => chunks.size > 0).map(([name]) => placeOf(name));
  }

  /** The chunks of a partition's map, ascending. */
  chunksOf(place: TopicPartition): readonly NumberedChunk[] {
    const name = nameOf(place);
    const known = this.#ascending.get(name);
    if (known !== undefined) return known;
    const chunks = [...(this.#chunks.get(name) ?? [])].map(([chunk, value]) => ({ chunk, value }));
    chunks.sort((left, right) => left.chunk - right.chunk);
    this.#ascending.set(name, chunks);
    return chunks;
  }
}

export class ShardJournal {
  readonly #target: TargetPartition;
  readonly #now: () => number;
  readonly #offer: (target: TargetPartition) => void;
  readonly #dirty = new Set<PartitionCopy>();
  /** Of partitions that are not copied. */
  readonly #notes: { readonly key: Uint8Array; readonly value: Uint8Array }[] = [];
  #announcements = 0;
  #isWriting = false;
  /** After the turn, so that all that it announces goes out together. */
  readonly #writeSoon = onceATurn(() => this.#write());

  /** `offer`: something can be sent to a partition. `now`: ms since 1970. */
  constructor(target: TargetPartition, now: () => number, offer: (target: TargetPartition) => void) {
    this.#target = target;
    this.#now = now;
    this.#offer = offer;
    target.announced = Number.POSITIVE_INFINITY;
  }

  /** Asks for an entry of a copy; `copy.target.announced` reaches the answer once it is stored. */
  announce(copy: PartitionCopy): number {
    if (!this.#dirty.has(copy)) {
      this.#dirty.add(copy);
      this.#writeSoon();
    }
    return this.#announcements + 1;
  }

  /** Has a chunk written anew of a partition that nobody copies now. */
  note({ topic, partition }: TopicPartition, { chunk, value }: NumberedChunk): void {
    this.#notes.push({ key: encodeJournalKey({ topic, partition, chunk }), value: encodeJournalChunk(value) });
    this.#writeSoon();
  }

  #write(): void {
    if (this.#isWriting || this.#dirty.size + this.#notes.length === 0 || this.#target.isStopped) return;
    const announcement = ++this.#announcements;
    const builder = new RecordBatchBuilder();
    const copies: PartitionCopy[] = [];
    for (const copy of this.#dirty) {
      if (copies.length > 0 && builder.sizeInBytes > writeBytesMax) break;
      this.#dirty.delete(copy);
      copies.push(copy);
      for (const { chunk, value } of copy.entries()) {
        const key = encodeJournalKey({ topic: copy.topic, partition: copy.partition, chunk });
        builder.append(this.#now(), key, value === undefined ? null : encodeJournalChunk(value));
      }
    }
    while (this.#notes.length > 0 && builder.sizeInBytes <= writeBytesMax) {
      const { key, value } = this.#notes.shift() as { key: Uint8Array; value: Uint8Array };
      builder.append(this.#now(), key, value);
    }
    this.#isWriting = true;
    this.#target.push(builder.build(), builder.recordCount, 0, () => {
      this.#isWriting = false;
      for (const copy of copies) {
        copy.target.announced = announcement;
        this.#offer(copy.target);
      }
      this.#write();
    });
    this.#offer(this.#target);
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`;
}

function placeOf(name: string): TopicPartition {
  const space = name.indexOf(' ');
  return { topic: name.slice(space + 1), partition: Number(name.slice(0, space)) };
}
