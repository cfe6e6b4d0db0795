/** Keys of two parts, of which all rows of a first part lie together. */
import type { AnySerde } from '../topology/node.ts';

export interface PrefixedKey {
  readonly first: unknown;
  readonly second: unknown;
}

/** The bytes that all keys with this first part begin with: its length (4), then itself. */
export function prefixOf(serde: AnySerde, first: unknown): Buffer {
  const bytes = bytesOf(serde, first);
  const prefix = Buffer.allocUnsafe(4 + bytes.length);
  prefix.writeUInt32BE(bytes.length);
  prefix.set(bytes, 4);
  return prefix;
}

export function prefixedKeySerde(first: AnySerde, second: AnySerde): AnySerde {
  return {
    serialize: (key) => {
      const parts = key as PrefixedKey;
      return Buffer.concat([prefixOf(first, parts.first), bytesOf(second, parts.second)]);
    },
    deserialize: (input) => {
      const bytes = input as Uint8Array;
      const middle = 4 + new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
      return {
        first: read(first, bytes.subarray(4, middle)),
        second: read(second, bytes.subarray(middle)),
      } satisfies PrefixedKey;
    },
    name: `${first.name ?? 'unnamed'} ${second.name ?? 'unnamed'}`,
  };
}

function bytesOf(serde: AnySerde, value: unknown): Uint8Array {
  const bytes = serde.serialize(value);
  if (bytes === null) throw new TypeError('null is no part of a key');
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}

function read(serde: AnySerde, bytes: Uint8Array): unknown {
  if (serde.deserializeText === undefined) return serde.deserialize(bytes);
  return serde.deserializeText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
}
