/**
 * A record as bytes: version, generation, two times, and its bins with the length of each, so that those which an
 * operation does not touch are passed over and copied without being decoded.
 *
 *     byte    version, 1
 *     varint  generation, from 1 on
 *     varint  expiry, in milliseconds since 1970; 0 for never
 *     varint  when the sweep looks at the record next, likewise
 *     varint  count of bins, in the order of their names, each:
 *               text    its name
 *               varint  length of its value
 *               bytes   the value (`value-codec.ts`)
 */
import { ByteReader, ByteWriter, corrupt } from './value-codec.ts';

const VERSION = 1;

export interface StoredRecord {
  /**
   * 1 for a record that was just made; one more with each change; after 65,535 it begins at 1 again, as Aerospike's.
   */
  readonly generation: number;
  /** Milliseconds since 1970; 0 for never. */
  readonly expiresAt: number;
  /** When the sweep looks at it, at or before its expiry; 0 for never. */
  readonly sweptAt: number;
  /** Bins by name, in the order of names, each as `writeBin` made it. */
  readonly bins: ReadonlyMap<string, Uint8Array>;
}

const writer = new ByteWriter();

export function encodeRecord({ generation, expiresAt, sweptAt, bins }: StoredRecord): Buffer {
  writer.reset();
  writer.byte(VERSION);
  writer.varint(generation);
  writer.varint(expiresAt);
  writer.varint(sweptAt);
  writer.varint(bins.size);
  for (const [name, bytes] of bins) {
    writer.text(name);
    writer.varint(bytes.length);
    writer.bytes(bytes);
  }
  return writer.copy();
}

/** The record, its bins being views of `bytes`. With `wanted` those bins alone. Throws `store_corrupt`. */
export function decodeRecord(bytes: Uint8Array, wanted?: ReadonlySet<string>): StoredRecord {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version !== VERSION) throw corrupt(`a record has version ${version}, and ${VERSION} is known`);
  const generation = reader.varint();
  const expiresAt = reader.varint();
  const sweptAt = reader.varint();
  const count = reader.varint();
  const bins = new Map<string, Uint8Array>();
  for (let index = 0; index < count; index++) {
    const name = reader.text();
    const content = reader.bytes(reader.varint());
    if (wanted === undefined || wanted.has(name)) bins.set(name, content);
  }
  if (reader.left > 0) throw corrupt('there are bytes after the record');
  return { generation, expiresAt, sweptAt, bins };
}

/** When a record expires, of its bytes alone: 0 for never. */
export function expiryOf(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  reader.byte();
  reader.varint();
  return reader.varint();
}
