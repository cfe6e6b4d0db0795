/**
 * Where a set of records lies in the ordered store: its records, when the sweep looks at them, and its indexes. All of
 * a change to a record goes into one batch, so that the three never disagree.
 *
 *     r NAMESPACE SET    user's key -> record
 *     s NAMESPACE SET    time (8 bytes, milliseconds), user's key -> nothing
 *     i NAMESPACE INDEX  indexed value, user's key -> nothing
 *
 * A record has at most one entry for the sweep, at its `sweptAt`, which is never later than its expiry. It may be
 * earlier: then the sweep moves it on. So a record whose life is prolonged with each change costs the sweep one entry
 * for each time to live rather than for each change.
 */
import type { OrderedSpace, OrderedStore } from '../../ordered/ordered-store.ts';
import type { WriteBatch } from '../../ordered/write-batch.ts';
import { decodeRecord, encodeRecord, type StoredRecord } from '../record-codec.ts';
import { RecordError } from '../record-error.ts';
import type { SecondaryIndex } from './secondary-index.ts';

const NOTHING = new Uint8Array(0);
const TIME_BYTES = 8;

/** When the sweep is to look at which record. */
export interface SweepEntry {
  readonly at: number;
  readonly key: Buffer;
}

export class RecordSet {
  readonly namespace: string;
  readonly name: string;
  readonly records: OrderedSpace;
  readonly #sweeps: OrderedSpace;
  #indexes: readonly SecondaryIndex[] = [];

  constructor(store: OrderedStore, namespace: string, name: string) {
    this.namespace = namespace;
    this.name = name;
    this.records = store.space(spaceName('r', namespace, name));
    this.#sweeps = store.space(spaceName('s', namespace, name));
  }

  get indexes(): readonly SecondaryIndex[] {
    return this.#indexes;
  }

  addIndex(index: SecondaryIndex): void {
    this.#indexes = [...this.#indexes, index];
  }

  removeIndex(index: SecondaryIndex): void {
    this.#indexes = this.#indexes.filter((each) => each !== index);
  }

  /** The record as the store has it, expired or not. */
  stored(key: Uint8Array): StoredRecord | undefined {
    const bytes = this.records.get(key);
    return bytes && decodeRecord(bytes);
  }

  /** Adds to a batch what makes `after` of `before`. Throws `too_large`, and then nothing was added. */
  write(
    batch: WriteBatch,
    key: Uint8Array,
    before: StoredRecord | undefined,
    after: StoredRecord | undefined,
    bytesMax: number,
  ): StoredRecord | undefined {
    const written = after && { ...after, sweptAt: nextSweep(before?.sweptAt ?? 0, after.expiresAt) };
    if (written === undefined) batch.delete(this.records, key);
    else {
      const bytes = encodeRecord(written);
      if (bytes.length > bytesMax) {
        const what = `the record would have ${bytes.length} bytes, at most ${bytesMax} fit`;
        throw new RecordError('too_large', `${what}: put less into it, or more records`);
      }
      batch.put(this.records, key, bytes);
    }
    const sweptBefore = before?.sweptAt ?? 0;
    const sweptAt = written?.sweptAt ?? 0;
    if (sweptBefore !== sweptAt) {
      if (sweptBefore !== 0) batch.delete(this.#sweeps, sweepKey(sweptBefore, key));
      if (sweptAt !== 0) batch.put(this.#sweeps, sweepKey(sweptAt, key), NOTHING);
    }
    for (const index of this.#indexes) index.write(batch, key, before, written);
    return written;
  }

  /** Moves the sweep's entry of a record that lives on to its expiry. */
  moveSweep(batch: WriteBatch, key: Uint8Array, record: StoredRecord): StoredRecord {
    const moved = { ...record, sweptAt: record.expiresAt };
    batch.put(this.records, key, encodeRecord(moved));
    if (record.sweptAt !== 0) batch.delete(this.#sweeps, sweepKey(record.sweptAt, key));
    if (moved.sweptAt !== 0) batch.put(this.#sweeps, sweepKey(moved.sweptAt, key), NOTHING);
    return moved;
  }

  /** At most `limit` entries for the sweep that are due by `now`, the longest due first. */
  due(now: number, limit: number): SweepEntry[] {
    const entries: SweepEntry[] = [];
    for (const { key } of this.#sweeps.range({ to: time(now + 1), limit })) {
      entries.push({ at: Number(key.readBigUInt64BE()), key: key.subarray(TIME_BYTES) });
    }
    return entries;
  }

  /** Removes an entry that no record has. */
  forgetSweep(batch: WriteBatch, { at, key }: SweepEntry): void {
    batch.delete(this.#sweeps, sweepKey(at, key));
  }
}

/** When the sweep is to look at a record that it would look at by `sweptAt` so far; 0 is never. */
function nextSweep(sweptAt: number, expiresAt: number): number {
  if (expiresAt === 0) return sweptAt;
  return sweptAt === 0 || sweptAt > expiresAt ? expiresAt : sweptAt;
}

function sweepKey(at: number, key: Uint8Array): Buffer {
  return Buffer.concat([time(at), key]);
}

function time(at: number): Buffer {
  const bytes = Buffer.allocUnsafe(TIME_BYTES);
  bytes.writeBigUInt64BE(BigInt(at));
  return bytes;
}

/** Parts of a name are told apart by NUL, which none of them has. */
export function spaceName(...parts: readonly string[]): string {
  return parts.join('\0');
}

/** The parts again. */
export function partsOfSpaceName(name: string): string[] {
  return name.split('\0');
}
