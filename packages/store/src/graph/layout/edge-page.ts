/**
 * A page of edges as bytes: the edges of one vertex in one direction with one label, or a part of them. Readers pass
 * over it with an `EdgeCursor`, which makes no object for an edge.
 *
 *     byte    version, 1
 *     4 bytes how many edges are in it, expired ones included, removed ones not (little-endian, as all below)
 *     entries, each:
 *       varint  bytes of the rest
 *       varint  bytes of the other vertex' id
 *       varint  bytes of the edge's key
 *       text    the id, the key
 *       byte    which of the next are there: 1 weight, 2 time, 4 expiry, 8 properties; 16 it was removed
 *       double  stamp: of two versions of an edge the one with the larger stamp holds
 *       doubles weight, time, expiry
 *       bytes   the properties, a map (`value-codec.ts`)
 *
 * A removed edge stays for a while as an entry without attributes, so that an older version of it, which comes late,
 * does not bring it back.
 */
import { ByteWriter, corrupt, readBin, writeBin } from '../../records/value-codec.ts';
import type { Properties } from '../element.ts';

const VERSION = 1;
const HEADER_BYTES = 5;
const FLAG = { weight: 1, time: 2, expiry: 4, properties: 8, removed: 16 } as const;
const NONE: Properties = Object.freeze({});

/** A version of an edge, as a page has it. */
export interface Entry {
  /** The vertex at its other end. */
  readonly other: string;
  readonly key: string;
  readonly stamp: number;
  readonly removed: boolean;
  readonly weight: number | undefined;
  readonly time: number | undefined;
  readonly expiresAt: number | undefined;
  /** A map as bytes; undefined for none. */
  readonly properties: Uint8Array | undefined;
}

const writer = new ByteWriter();
const scratch = new ByteWriter();

export function encodeProperties(properties: Properties | undefined): Buffer | undefined {
  if (properties === undefined || Object.keys(properties).length === 0) return undefined;
  scratch.reset();
  writeBin(scratch, { value: properties, ordered: false });
  return scratch.copy();
}

export function decodeProperties(bytes: Uint8Array | undefined): Properties {
  return bytes === undefined ? NONE : (readBin(bytes, false).value as Properties);
}

/** What tells an edge from the others of its page, for a map; a string of one byte a character. */
export function identityOf(other: string, key: string): string {
  return `${Buffer.byteLength(other)} ${Buffer.from(other + key).toString('latin1')}`;
}

export function encodeEntry(entry: Entry): Buffer {
  scratch.reset();
  const other = Buffer.byteLength(entry.other);
  scratch.varint(other);
  scratch.varint(Buffer.byteLength(entry.key));
  scratch.bytes(Buffer.from(entry.other + entry.key));
  const { weight, time, expiresAt, properties } = entry;
  scratch.byte(
    (weight === undefined ? 0 : FLAG.weight) |
      (time === undefined ? 0 : FLAG.time) |
      (expiresAt === undefined ? 0 : FLAG.expiry) |
      (properties === undefined ? 0 : FLAG.properties) |
      (entry.removed ? FLAG.removed : 0),
  );
  scratch.double(entry.stamp);
  if (weight !== undefined) scratch.double(weight);
  if (time !== undefined) scratch.double(time);
  if (expiresAt !== undefined) scratch.double(expiresAt);
  if (properties !== undefined) scratch.bytes(properties);
  const rest = scratch.copy();
  scratch.reset();
  scratch.varint(rest.length);
  scratch.bytes(rest);
  return scratch.copy();
}

/** Entries, each as bytes, as a page. */
export function encodePage(entries: Iterable<Uint8Array>, count: number): Buffer {
  writer.reset();
  writer.byte(VERSION);
  for (let shift = 0; shift < 32; shift += 8) writer.byte((count >>> shift) & 0xff);
  for (const entry of entries) writer.bytes(entry);
  return writer.copy();
}

/** How many edges are in a page, expired ones included. */
export function edgesIn(page: Buffer): number {
  return page.length === 0 ? 0 : page.readUInt32LE(1);
}

/** Passes over the entries of a page, one at a time. Throws `store_corrupt` for what is no page. */
export class EdgeCursor {
  #bytes: Buffer = Buffer.alloc(0);
  #next = 0;
  #start = 0;
  #end = 0;
  #id = 0;
  #key = 0;
  #flagsAt = 0;
  #flags = 0;

  open(page: Buffer): this {
    if (page.length > 0 && (page[0] !== VERSION || page.length < HEADER_BYTES)) throw corrupt('a page of edges');
    this.#bytes = page;
    this.#next = HEADER_BYTES;
    return this;
  }

  next(): boolean {
    const bytes = this.#bytes;
    if (this.#next >= bytes.length) return false;
    this.#start = this.#next;
    const length = this.#varint();
    this.#end = this.#next + length;
    const idBytes = this.#varint();
    const keyBytes = this.#varint();
    this.#id = this.#next;
    this.#key = this.#id + idBytes;
    this.#flagsAt = this.#key + keyBytes;
    if (this.#end > bytes.length || this.#flagsAt + 9 > this.#end) throw corrupt('an edge ends too late');
    this.#flags = bytes[this.#flagsAt] as number;
    this.#next = this.#end;
    return true;
  }

  get other(): string {
    return this.#bytes.toString('utf8', this.#id, this.#key);
  }

  get key(): string {
    return this.#key === this.#flagsAt ? '' : this.#bytes.toString('utf8', this.#key, this.#flagsAt);
  }

  /** As `identityOf` has it. */
  get identity(): string {
    return `${this.#key - this.#id} ${this.#bytes.toString('latin1', this.#id, this.#flagsAt)}`;
  }

  /** Which page of a split list it belongs to, bit by bit. */
  get hash(): number {
    return hashOf(this.#bytes, this.#id, this.#flagsAt);
  }

  get removed(): boolean {
    return (this.#flags & FLAG.removed) !== 0;
  }

  get stamp(): number {
    return this.#bytes.readDoubleLE(this.#flagsAt + 1);
  }

  get weight(): number | undefined {
    return (this.#flags & FLAG.weight) === 0 ? undefined : this.#double(0);
  }

  get time(): number | undefined {
    return (this.#flags & FLAG.time) === 0 ? undefined : this.#double(this.#flags & FLAG.weight);
  }

  get expiresAt(): number | undefined {
    if ((this.#flags & FLAG.expiry) === 0) return undefined;
    return this.#double((this.#flags & FLAG.weight) + ((this.#flags & FLAG.time) >> 1));
  }

  /** Whether it is there: not removed, and not expired. */
  isLive(now: number): boolean {
    if ((this.#flags & (FLAG.removed | FLAG.expiry)) === 0) return true;
    return !this.removed && now < (this.expiresAt as number);
  }

  /** A view, of a map; undefined for none. */
  get properties(): Buffer | undefined {
    if ((this.#flags & FLAG.properties) === 0) return undefined;
    const doubles = (this.#flags & 1) + ((this.#flags >> 1) & 1) + ((this.#flags >> 2) & 1);
    return this.#bytes.subarray(this.#flagsAt + 9 + 8 * doubles, this.#end);
  }

  /** The whole entry, a view. */
  get entry(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  #double(before: number): number {
    return this.#bytes.readDoubleLE(this.#flagsAt + 9 + 8 * before);
  }

  #varint(): number {
    const bytes = this.#bytes;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[this.#next++];
      if (byte === undefined) throw corrupt('a page of edges ends too early');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw corrupt('a number in a page of edges is too long');
  }
}

/** The hash of an identity, for entries that are in no page yet. */
export function hashOfIdentity(other: string, key: string): number {
  const bytes = Buffer.from(other + key);
  return hashOf(bytes, 0, bytes.length);
}

/** FNV-1a with a last mix (MurmurHash3's), so that each bit depends on all bytes. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let index = from; index < to; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The entry that a cursor is at. */
export function entryAt(cursor: EdgeCursor): Entry {
  const { other, key, stamp, removed, weight, time, expiresAt, properties } = cursor;
  return { other, key, stamp, removed, weight, time, expiresAt, properties };
}
