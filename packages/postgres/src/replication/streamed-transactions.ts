/**
 * Large transactions that the server sends before they are over (pgoutput's `streaming`), kept until they commit: in
 * memory while they are small, else in a file each. What subtransactions undid is left out when they are read. Nothing
 * here outlives the process: a server that streams anew sends unfinished transactions from their beginning.
 */
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeMessage } from './pgoutput/decode-message.ts';
import type { PgoutputMessage, StreamAbortMessage, StreamCommitMessage } from './pgoutput/message.ts';

/** Of each transaction, so many bytes wait in memory. */
const waitingBytesMax = 1024 * 1024;
const readBytes = 256 * 1024;
/** Before each message: its length, and the subtransaction that it is of. */
const headerBytes = 8;

interface Kept {
  readonly waiting: Buffer[];
  waitingBytes: number;
  file: FileHandle | undefined;
  fileBytes: number;
  readonly undone: Set<number>;
}

export class StreamedTransactions implements AsyncDisposable {
  readonly #kept = new Map<number, Kept>();
  readonly #parent: string;
  #directory: string | undefined;
  #files = 0;

  /** `parent`: the folder in which one of its own is made when it is needed. Default: the system's for what passes. */
  constructor(parent: string = tmpdir()) {
    this.#parent = parent;
  }

  /** Keeps a message of the transaction. */
  async add(xid: number, { subxid, bytes }: { readonly subxid: number; readonly bytes: Buffer }): Promise<void> {
    const kept = this.#keptOf(xid);
    const header = Buffer.allocUnsafe(headerBytes);
    header.writeUInt32BE(bytes.length, 0);
    header.writeUInt32BE(subxid, 4);
    kept.waiting.push(header, bytes);
    kept.waitingBytes += headerBytes + bytes.length;
    if (kept.waitingBytes >= waitingBytesMax) await this.#spill(kept);
  }

  /** The transaction, or what a subtransaction of it did, is undone. */
  async abort({ xid, subxid }: StreamAbortMessage): Promise<void> {
    if (xid === subxid) await this.#forget(xid);
    else this.#kept.get(xid)?.undone.add(subxid);
  }

  /** The transaction as if it came now, with its beginning and its end. */
  async *take(message: StreamCommitMessage): AsyncGenerator<PgoutputMessage> {
    const { xid, commitLsn, commitMicros, endLsn } = message;
    yield { kind: 'begin', finalLsn: commitLsn, commitMicros, xid };
    const kept = this.#kept.get(xid);
    if (kept !== undefined) {
      for await (const piece of pieces(kept)) yield* messagesIn(piece, kept.undone);
    }
    await this.#forget(xid);
    yield { kind: 'commit', commitLsn, endLsn, commitMicros };
  }

  /** Of files, of all transactions. */
  get keptBytes(): number {
    return [...this.#kept.values()].reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const xid of [...this.#kept.keys()]) await this.#forget(xid);
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }

  #keptOf(xid: number): Kept {
    const kept = this.#kept.get(xid) ?? {
      waiting: [],
      waitingBytes: 0,
      file: undefined,
      fileBytes: 0,
      undone: new Set(),
    };
    this.#kept.set(xid, kept);
    return kept;
  }

  async #spill(kept: Kept): Promise<void> {
    this.#directory ??= await mkdtemp(join(this.#parent, 'millrace-transactions-'));
    kept.file ??= await open(join(this.#directory, String(this.#files++)), 'w+', 0o600);
    const bytes = Buffer.concat(kept.waiting.splice(0));
    kept.waitingBytes = 0;
    await kept.file.write(bytes, 0, bytes.length, kept.fileBytes);
    kept.fileBytes += bytes.length;
  }

  async #forget(xid: number): Promise<void> {
    const kept = this.#kept.get(xid);
    this.#kept.delete(xid);
    if (kept?.file === undefined) return;
    await kept.file.truncate(0);
    await kept.file.close();
  }
}

/** What is kept in pieces that end where a message does. */
async function* pieces({ file, fileBytes, waiting }: Kept): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for (let at = 0; file !== undefined && at < fileBytes; ) {
    const bytes = Buffer.allocUnsafe(Math.min(readBytes, fileBytes - at));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    if (bytesRead === 0) throw new Error('a file of a large transaction is shorter than what was written to it');
    at += bytesRead;
    const all = Buffer.concat([rest, bytes.subarray(0, bytesRead)]);
    const end = wholeMessages(all);
    yield all.subarray(0, end);
    rest = all.subarray(end);
  }
  yield Buffer.concat(waiting);
}

function wholeMessages(bytes: Buffer): number {
  let end = 0;
  while (end + headerBytes <= bytes.length) {
    const next = end + headerBytes + bytes.readUInt32BE(end);
    if (next > bytes.length) break;
    end = next;
  }
  return end;
}

function* messagesIn(bytes: Buffer, undone: ReadonlySet<number>): Generator<PgoutputMessage> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + headerBytes + bytes.readUInt32BE(at);
    if (!undone.has(bytes.readUInt32BE(at + 4))) yield decodeMessage(bytes, at + headerBytes, end);
    at = end;
  }
}
