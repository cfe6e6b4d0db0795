/**
 * Decodes a message of `pgoutput`. Reading is bounded by the message: what is cut off throws `PgoutputError`. Rows stay
 * the bytes that they are, with their bounds looked at.
 */
import { MillraceError } from '@millrace/base';
import type { Lsn } from '../lsn.ts';
import type { PgoutputMessage, RelationColumn } from './message.ts';
import { TupleBytes, valueTags } from './tuple-bytes.ts';

/** A server sent what is no message of pgoutput. */
export class PgoutputError extends MillraceError {
  readonly code = 'pgoutput_invalid';
}

/** PostgreSQL counts microseconds from 2000. */
const epochMicros = 946_684_800_000_000n;

/** The message lies in `bytes` from `start` to before `end`; rows of it keep `bytes`. */
export function decodeMessage(bytes: Buffer, start = 0, end = bytes.length): PgoutputMessage {
  const from = new Reader(bytes, start, end);
  const type = from.letter();
  const message = decodeBody(type, from);
  if (message === undefined)
    throw new PgoutputError(`the server sent a message of pgoutput that is not known: ${type}`);
  return message;
}

/** A message between the start and the stop of a stream: all but the stop name their subtransaction. */
export function splitStreamed(xid: number, bytes: Buffer, start: number, end: number): PgoutputMessage {
  if (bytes[start] === 0x45) return { kind: 'stream_stop' };
  if (end - start < 5) throw cutOff();
  const plain = Buffer.allocUnsafe(end - start - 4);
  plain[0] = bytes[start] ?? 0;
  bytes.copy(plain, 1, start + 5, end);
  return { kind: 'streamed', xid, subxid: bytes.readUInt32BE(start + 1), bytes: plain };
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
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
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
    if (end < 0 || end >= this.#end) throw cutOff();
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
    if (count * bytesMin > this.#end - this.#at) throw cutOff();
    return Array.from({ length: count }, read);
  }

  tuple(): TupleBytes {
    const begin = this.#at;
    let isWhole = true;
    for (let left = this.uint16(); left > 0; left--) {
      const tag = this.uint8();
      if (tag === valueTags.text) this.#take(this.uint32());
      else if (tag === valueTags.unsent) isWhole = false;
      else if (tag !== valueTags.null) {
        throw new PgoutputError(`the server sent a value of a kind that is not known: ${tag}`);
      }
    }
    return new TupleBytes(this.#bytes, begin, isWhole);
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#end) throw cutOff();
    this.#at = at + length;
    return at;
  }
}

function cutOff(): PgoutputError {
  return new PgoutputError('the server sent a message of pgoutput that is cut off');
}
