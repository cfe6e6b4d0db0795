/** Serdes of what holds a value and something beside it, made of the value's own serde. */
import type { SessionRow } from '../operators/session-aggregate.ts';
import type { JoinRow } from '../operators/stream-join.ts';
import type { HeldChange } from '../operators/suppress.ts';
import type { TableChange } from '../operators/table-key-by.ts';
import type { AnySerde } from '../topology/node.ts';

/** A byte that says whether the record was met, then the value; no more than the byte where that is null. */
export function joinRowSerde(value: AnySerde): AnySerde {
  return {
    serialize: (input) => {
      const row = input as JoinRow;
      return withHead(1, value.serialize(row.value), (head, isNull) => {
        head[0] = (row.isMet ? 1 : 0) | (isNull ? 2 : 0);
      });
    },
    deserialize: (bytes) => {
      const flags = bytes?.[0] ?? 0;
      const rest = (flags & 2) !== 0 ? null : (bytes as Uint8Array).subarray(1);
      return { value: readBytes(value, rest), isMet: (flags & 1) !== 0 } satisfies JoinRow;
    },
    name: `joined ${value.name ?? 'unnamed'}`,
  };
}

/** The session's first time as a double, then the aggregate. */
export function sessionRowSerde(value: AnySerde): AnySerde {
  return {
    serialize: (input) => {
      const row = input as SessionRow;
      return withHead(8, value.serialize(row.aggregate), (head) => head.writeDoubleBE(row.start));
    },
    deserialize: (bytes) => {
      const row = bytes as Uint8Array;
      const start = new DataView(row.buffer, row.byteOffset, 8).getFloat64(0);
      return { start, aggregate: readBytes(value, row.subarray(8)) } satisfies SessionRow;
    },
    name: `session ${value.name ?? 'unnamed'}`,
  };
}

/** A byte that says whether there is a value, the change's time as a double, then the value. */
export function heldChangeSerde(value: AnySerde): AnySerde {
  return {
    serialize: (input) => {
      const held = input as HeldChange;
      return withHead(9, held.value === undefined ? null : value.serialize(held.value), (head, isNull) => {
        head[0] = isNull ? 0 : 1;
        head.writeDoubleBE(held.timestamp, 1);
      });
    },
    deserialize: (input) => {
      const bytes = input as Uint8Array;
      const timestamp = new DataView(bytes.buffer, bytes.byteOffset, 9).getFloat64(1);
      const held = bytes[0] === 0 ? undefined : readBytes(value, bytes.subarray(9));
      return { value: held, timestamp } satisfies HeldChange;
    },
    name: `held ${value.name ?? 'unnamed'}`,
  };
}

const hasRemoved = 1;
const hasAdded = 2;

/** A byte that says which of the two there are and the length of the first, then both. */
export function tableChangeSerde(value: AnySerde): AnySerde {
  return {
    serialize: (input) => {
      const { removed, added } = input as TableChange<unknown>;
      const first = bytesOf(removed === undefined ? null : value.serialize(removed));
      const second = bytesOf(added === undefined ? null : value.serialize(added));
      const bytes = Buffer.allocUnsafe(5 + first.length + second.length);
      bytes[0] = (removed === undefined ? 0 : hasRemoved) | (added === undefined ? 0 : hasAdded);
      bytes.writeUInt32BE(first.length, 1);
      bytes.set(first, 5);
      bytes.set(second, 5 + first.length);
      return bytes;
    },
    deserialize: (input) => {
      const bytes = input as Uint8Array;
      const flags = bytes[0] as number;
      const middle = 5 + new DataView(bytes.buffer, bytes.byteOffset, 5).getUint32(1);
      return {
        removed: (flags & hasRemoved) === 0 ? undefined : readBytes(value, bytes.subarray(5, middle)),
        added: (flags & hasAdded) === 0 ? undefined : readBytes(value, bytes.subarray(middle)),
      } satisfies TableChange<unknown>;
    },
    name: `change ${value.name ?? 'unnamed'}`,
  };
}

function withHead(
  length: number,
  value: Uint8Array | string | null,
  write: (head: Buffer, isNull: boolean) => void,
): Uint8Array {
  const tail = bytesOf(value);
  const bytes = Buffer.allocUnsafe(length + tail.length);
  write(bytes, value === null);
  bytes.set(tail, length);
  return bytes;
}

export function bytesOf(value: Uint8Array | string | null): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : (value ?? Buffer.alloc(0));
}

export function readBytes(serde: AnySerde, bytes: Uint8Array | null): unknown {
  if (serde.deserializeText === undefined || bytes === null) return serde.deserialize(bytes);
  return serde.deserializeText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}
