/** Decodes a message of `pgoutput`. Reading is bounded by the message: what is cut off throws `PgoutputError`. */
import { MillraceError } from '@millrace/base';
import type { Lsn } from '../lsn.ts';
import type { PgoutputMessage, RelationColumn, Tuple } from './message.ts';

/** A server sent what is no message of pgoutput. */
export class PgoutputError extends MillraceError {
  readonly code = 'pgoutput_invalid';
}

/** PostgreSQL counts microseconds from 2000. */
const epochMicros = 946_684_800_000_000n;

export function decodeMessage(bytes: Buffer): PgoutputMessage {
  const from = new Reader(bytes);
  const type = from.letter();
  const message = decodeBody(type, from);
  if (message === undefined)
    throw new PgoutputError(`the server sent a message of pgoutput that is not known: ${type}`);
  return message;
}

/** A message between the start and the stop of a stream: all but the stop name their subtransaction. */
export function splitStreamed(xid: number, bytes: Buffer): PgoutputMessage {
  if (bytes[0] === 0x45) return { kind: 'stream_stop' };
  if (bytes.length < 5) throw cutOff();
  const plain = Buffer.allocUnsafe(bytes.length - 4);
  plain[0] = bytes[0] ?? 0;
  bytes.copy(plain, 1, 5);
  return { kind: 'streamed', xid, subxid: bytes.readUInt32BE(1), bytes: plain };
}

function decodeBody(type: string, from: Reader): PgoutputMessage | undefined {
  switch (type) {
    case 'B':
      return { kind: 'begin', finalLsn: from.lsn(), commitMicros: from.time(), xid: from.uint32() };
    case 'C':
      from.uint8();
      return { kind: 'commit', commitLsn: from.lsn(), endLsn: from.lsn(), commitMicros: from.time() };
    case 'R':
      return relation(from);
    case 'Y':
      return { kind: 'type', oid: from.uint32(), schema: from.text(), name: from.text() };
    case 'I': {
      const oid = from.uint32();
      from.letter();
      return { kind: 'insert', oid, after: from.tuple() };
    }
    case 'U': {
      const oid = from.uint32();
      let tag = from.letter();
      const isBeforeWhole = tag === 'O';
      const before = tag === 'N' ? undefined : from.tuple();
      if (tag !== 'N') tag = from.letter();
      return { kind: 'update', oid, before, isBeforeWhole, after: from.tuple() };
    }
    case 'D': {
      const oid = from.uint32();
      const isBeforeWhole = from.letter() === 'O';
      return { kind: 'delete', oid, isBeforeWhole, before: from.tuple() };
    }
    case 'T': {
      const count = from.uint32();
      from.uint8();
      return { kind: 'truncate', oids: from.many(count, 4, () => from.uint32()) };
    }
    case 'M': {
      const isTransactional = (from.uint8() & 1) !== 0;
      const [lsn, prefix, length] = [from.lsn(), from.text(), from.uint32()];
      return { kind: 'message', isTransactional, lsn, prefix, content: from.bytes(length) };
    }
    case 'O':
      return { kind: 'origin' };
    case 'S':
      return { kind: 'stream_start', xid: from.uint32() };
    case 'E':
      return { kind: 'stream_stop' };
    case 'c': {
      const xid = from.uint32();
      from.uint8();
      return { kind: 'stream_commit', xid, commitLsn: from.lsn(), endLsn: from.lsn(), commitMicros: from.time() };
    }
    case 'A':
      return { kind: 'stream_abort', xid: from.uint32(), subxid: from.uint32() };
    default:
      return undefined;
  }
}

function relation(from: Reader): PgoutputMessage {
  const [oid, schema, table, replicaIdentity] = [from.uint32(), from.text(), from.text(), from.letter()];
  const columns = from.many(from.uint16(), 10, (): RelationColumn => {
    const isKey = (from.uint8() & 1) !== 0;
    return { isKey, name: from.text(), typeOid: from.uint32(), modifier: from.int32() };
  });
  // What has no schema is of the server's own.
  return { kind: 'relation', oid, schema: schema || 'pg_catalog', table, replicaIdentity, columns };
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  uint8(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  letter(): string {
    return String.fromCharCode(this.uint8());
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  lsn(): Lsn {
    return this.#bytes.readBigUInt64BE(this.#take(8));
  }

  time(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8)) + epochMicros;
  }

  /** Up to a zero byte. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw cutOff();
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  bytes(length: number): Buffer {
    const at = this.#take(length);
    return Buffer.from(this.#bytes.subarray(at, at + length));
  }

  /** `bytesMin`: of each at least, so that a count that can't be true takes no memory. */
  many<T>(count: number, bytesMin: number, read: () => T): T[] {
    if (count * bytesMin > this.#bytes.length - this.#at) throw cutOff();
    return Array.from({ length: count }, read);
  }

  tuple(): Tuple {
    const count = this.uint16();
    if (count > this.#bytes.length - this.#at) throw cutOff();
    // No holes: what was not sent is undefined, and there.
    const values: (string | null | undefined)[] = new Array(count).fill(undefined);
    for (let i = 0; i < count; i++) {
      const tag = this.uint8();
      if (tag === 0x74) {
        const length = this.uint32();
        const at = this.#take(length);
        values[i] = this.#bytes.toString('utf8', at, at + length);
      } else if (tag === 0x6e) {
        values[i] = null;
      } else if (tag !== 0x75) {
        throw new PgoutputError(`the server sent a value of a kind that is not known: ${tag}`);
      }
    }
    return values;
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw cutOff();
    this.#at = at + length;
    return at;
  }
}

function cutOff(): PgoutputError {
  return new PgoutputError('the server sent a message of pgoutput that is cut off');
}
