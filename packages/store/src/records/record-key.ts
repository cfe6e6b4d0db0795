/**
 * What identifies a record: namespace, set and a key of the user's (text, an integer of 64 bits, or bytes). Keys of
 * different types are different keys. Names are as long as Aerospike allows, keys as long as every store takes.
 */
import { RecordError } from './record-error.ts';
import { isInteger } from './value.ts';
import { corrupt, simplest } from './value-codec.ts';

export type UserKey = string | number | bigint | Uint8Array;

export interface RecordKey {
  /** 1 to 31 bytes. A cluster has those it is configured with, an embedded store makes them as they are named. */
  readonly namespace: string;
  /** 1 to 63 bytes. */
  readonly set: string;
  /** Text or bytes of at most 1,024 bytes, or an integer. */
  readonly key: UserKey;
}

export const KEY_BYTES_MAX = 1024;
const NAMESPACE_BYTES_MAX = 31;
const SET_BYTES_MAX = 63;
const BIN_BYTES_MAX = 15;

/** Throws `invalid_key`. */
export function checkPlace({ namespace, set }: { readonly namespace: string; readonly set: string }): void {
  checkName('namespace', namespace, NAMESPACE_BYTES_MAX);
  checkName('set', set, SET_BYTES_MAX);
}

/** Throws `invalid_key`. */
export function checkKey(record: RecordKey): void {
  checkPlace(record);
  const { key } = record;
  if (typeof key === 'string' || key instanceof Uint8Array) {
    const length = typeof key === 'string' ? Buffer.byteLength(key) : key.length;
    if (length > KEY_BYTES_MAX) throw invalid(`a key has at most ${KEY_BYTES_MAX} bytes, not ${length}`);
    if (typeof key === 'string' && key.includes('\0')) throw invalid('a key has no character NUL');
    return;
  }
  if (typeof key === 'bigint' ? BigInt.asIntN(64, key) === key : typeof key === 'number' && isInteger(key)) return;
  throw invalid(`a key is text, bytes or an integer of 64 bits, not ${String(key)}`);
}

/** A record in a sentence. */
export function describeRecord({ namespace, set, key }: RecordKey): string {
  const shown = key instanceof Uint8Array ? `0x${Buffer.from(key).toString('hex')}` : String(key);
  return `the record ${namespace}/${set}/${shown}`;
}

/** Throws `invalid_key`. */
export function checkBinName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw invalid('a bin has a name');
  checkName('name of a bin', name, BIN_BYTES_MAX);
}

function checkName(what: string, name: string, bytesMax: number): void {
  const length = Buffer.byteLength(name);
  if (length >= 1 && length <= bytesMax && !name.includes('\0')) return;
  throw invalid(`a ${what} has 1 to ${bytesMax} bytes, not ${length}`);
}

function invalid(message: string): RecordError {
  return new RecordError('invalid_key', message);
}

const KIND = { integer: 1, text: 2, bytes: 3 } as const;
const SIGN = 1n << 63n;

/** A user's key as bytes: integers in their order, then text, then bytes, each in its order. */
export function encodeUserKey(key: UserKey): Buffer {
  if (typeof key === 'string') {
    const encoded = Buffer.allocUnsafe(1 + Buffer.byteLength(key));
    encoded[0] = KIND.text;
    encoded.write(key, 1);
    return encoded;
  }
  if (typeof key === 'object') {
    const encoded = Buffer.allocUnsafe(1 + key.length);
    encoded[0] = KIND.bytes;
    encoded.set(key, 1);
    return encoded;
  }
  const encoded = Buffer.allocUnsafe(9);
  encoded[0] = KIND.integer;
  encoded.writeBigUInt64BE(BigInt.asUintN(64, BigInt(key) + SIGN), 1);
  return encoded;
}

/** The reverse. Throws `store_corrupt`. */
export function decodeUserKey(encoded: Uint8Array): UserKey {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length);
  switch (bytes[0]) {
    case KIND.integer:
      if (bytes.length !== 9) break;
      return simplest(BigInt.asIntN(64, bytes.readBigUInt64BE(1) - SIGN));
    case KIND.text:
      return bytes.toString('utf8', 1);
    case KIND.bytes:
      return Buffer.from(bytes.subarray(1));
    default:
      break;
  }
  throw corrupt('a key of a record can not be read');
}
