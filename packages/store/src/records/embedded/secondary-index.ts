/**
 * A secondary index: for each value of a bin that it is about an entry with the key of the record. Integers have their
 * order; texts are found by equality alone, long ones by their SHA-256.
 */
import { createHash } from 'node:crypto';
import type { OrderedSpace } from '../../ordered/ordered-store.ts';
import type { WriteBatch } from '../../ordered/write-batch.ts';
import type { StoredRecord } from '../record-codec.ts';
import { RecordError } from '../record-error.ts';
import type { IndexCondition, IndexDefinition } from '../record-store.ts';
import { isInteger, isList, isMap, type Value } from '../value.ts';
import { readBin } from '../value-codec.ts';

const NOTHING = new Uint8Array(0);
const KIND = { integer: 1, text: 2, hash: 3 } as const;
const TEXT_BYTES_MAX = 256;
const SIGN = 1n << 63n;
/** Behind all keys of users, whose first byte is small. */
const BEHIND = Buffer.from([0xff]);

export class SecondaryIndex {
  readonly definition: IndexDefinition;
  readonly space: OrderedSpace;
  /** Whether it has an entry for all there is. */
  ready: boolean;

  constructor(definition: IndexDefinition, space: OrderedSpace, ready: boolean) {
    this.definition = definition;
    this.space = space;
    this.ready = ready;
  }

  /** Adds to a batch what the change of a record means for the index. */
  write(batch: WriteBatch, key: Uint8Array, before: StoredRecord | undefined, after: StoredRecord | undefined): void {
    const { bin } = this.definition;
    const [old, fresh] = [before?.bins.get(bin), after?.bins.get(bin)];
    if (old === fresh || (old && fresh && Buffer.compare(old, fresh) === 0)) return;
    const had = this.#valuesOf(before);
    const has = this.#valuesOf(after);
    for (const [id, value] of had) if (!has.has(id)) batch.delete(this.space, Buffer.concat([value, key]));
    for (const [id, value] of has) if (!had.has(id)) batch.put(this.space, Buffer.concat([value, key]), NOTHING);
  }

  /** Adds the entries of a record that was there before the index. */
  include(batch: WriteBatch, key: Uint8Array, record: StoredRecord): void {
    for (const value of this.#valuesOf(record).values()) {
      batch.put(this.space, Buffer.concat([value, key]), NOTHING);
    }
  }

  /** The entries that a condition is about, as a range of keys of the space. Throws `invalid_operation`. */
  range(condition: IndexCondition): { from: Buffer; to: Buffer } {
    const [first, last] = 'equals' in condition ? [condition.equals, condition.equals] : [condition.from, condition.to];
    const [from, to] = [this.#indexed(first), this.#indexed(last)];
    if (from === undefined || to === undefined) {
      const { name, type } = this.definition;
      throw new RecordError('invalid_operation', `the index ${name} is of ${type}s; ask it for such`);
    }
    return { from, to: Buffer.concat([to, BEHIND]) };
  }

  /** The record's key in an entry's key. */
  recordKeyOf(entry: Buffer): Buffer {
    return entry.subarray(valueBytes(entry));
  }

  /**
   * Whether an entry is the one by which a query finds a record: the first that its condition is about, so that a
   * record with several is found once, and one that has changed since not at all.
   */
  finds(entry: Buffer, record: StoredRecord, { from, to }: { from: Buffer; to: Buffer }): boolean {
    const fitting = [...this.#valuesOf(record).values()].filter(
      (value) => Buffer.compare(value, from) >= 0 && Buffer.compare(value, to) < 0,
    );
    fitting.sort(Buffer.compare);
    return fitting[0]?.equals(entry.subarray(0, valueBytes(entry))) ?? false;
  }

  #valuesOf(record: StoredRecord | undefined): Map<string, Buffer> {
    const values = new Map<string, Buffer>();
    const bytes = record?.bins.get(this.definition.bin);
    if (bytes === undefined) return values;
    for (const each of partsOf(readBin(bytes, true).value, this.definition.part ?? 'bin')) {
      const value = this.#indexed(each);
      if (value !== undefined) values.set(value.toString('latin1'), value);
    }
    return values;
  }

  #indexed(value: Value): Buffer | undefined {
    return this.definition.type === 'integer' ? indexedInteger(value) : indexedText(value);
  }
}

function partsOf(value: Value, part: NonNullable<IndexDefinition['part']>): readonly Value[] {
  switch (part) {
    case 'bin':
      return [value];
    case 'list':
      return isList(value) ? value : [];
    case 'mapKeys':
      return isMap(value) ? Object.keys(value) : [];
    case 'mapValues':
      return isMap(value) ? Object.values(value) : [];
  }
}

function indexedInteger(value: Value): Buffer | undefined {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && isInteger(value))) return undefined;
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = KIND.integer;
  bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value) + SIGN), 1);
  return bytes;
}

function indexedText(value: Value): Buffer | undefined {
  if (typeof value !== 'string') return undefined;
  const text = Buffer.from(value);
  if (text.length > TEXT_BYTES_MAX) {
    return Buffer.concat([Buffer.from([KIND.hash]), createHash('sha256').update(text).digest()]);
  }
  return Buffer.concat([Buffer.from([KIND.text, text.length >> 8, text.length & 0xff]), text]);
}

/** How many bytes of an entry's key its value has. */
function valueBytes(entry: Buffer): number {
  if (entry[0] === KIND.integer) return 9;
  return entry[0] === KIND.hash ? 33 : 3 + entry.readUInt16BE(1);
}
