/**
 * Messages of a logical replication slot, one after the other. Reading from the socket stops while they are not taken,
 * so that a slow reader costs the server a send buffer and nothing here. What the server may forget is told by
 * `confirm`, and that nobody is gone by itself.
 */
import type { Client, Connection } from 'pg';
import { connect } from '../connection.ts';
import { CopyFrames } from './copy-frames.ts';
import { type Lsn, lsnText } from './lsn.ts';
import { outputSettings } from './output-settings.ts';
import { decodeMessage, splitStreamed } from './pgoutput/decode-message.ts';
import type { PgoutputMessage } from './pgoutput/message.ts';

export interface StreamOptions {
  readonly url: string;
  readonly slot: string;
  readonly publications: readonly string[];
  /** Where to begin; the slot's own confirmed position where that is further. */
  readonly from: Lsn;
}

/** So many messages, of so many bytes, may wait here before the socket is left alone. */
const waitingMax = 10_000;
const waitingBytesMax = 4 * 1024 * 1024;
const statusMs = 5_000;

export class ReplicationStream implements AsyncDisposable {
  readonly #client: Client;
  readonly #connection: Connection;
  readonly #timer: NodeJS.Timeout;
  #waiting: PgoutputMessage[] = [];
  #waitingBytes = 0;
  #confirmed: Lsn;
  /** Up to where the server has sent all that there is. */
  #seen: Lsn;
  /** The transaction that is being sent before it is over. */
  #streamed: number | undefined;
  #failure: Error | undefined;
  #isEnded = false;
  #isPaused = false;
  #wake: (() => void) | undefined;

  static async open(options: StreamOptions): Promise<ReplicationStream> {
    const config = { connectionString: options.url, replication: 'database', options: outputSettings };
    const client = await connect({ ...config, application_name: 'millrace sync', keepAlive: true } as never);
    return new ReplicationStream(client, options);
  }

  constructor(client: Client, { slot, publications, from }: StreamOptions) {
    this.#client = client;
    this.#connection = (client as unknown as { readonly connection: Connection }).connection;
    this.#confirmed = from;
    this.#seen = from;
    this.#readCopies();
    const names = publications.map((name) => `"${name}"`).join(',');
    const start =
      `START_REPLICATION SLOT "${slot}" LOGICAL ${lsnText(from)} ` +
      `(proto_version '2', streaming 'on', publication_names '${names}', messages 'true')`;
    client.query(start).then(
      () => this.#end(undefined),
      (error: Error) => this.#end(error),
    );
    client.on('error', (error) => this.#end(error));
    client.on('end', () => this.#end(undefined));
    this.#timer = setInterval(() => this.#sendStatus(), statusMs);
  }

  /** Messages that are there, in their order; waits for the first, for so long at most. Throws what ended it. */
  async take(forMs: number): Promise<readonly PgoutputMessage[]> {
    if (this.#waiting.length === 0 && this.#failure === undefined && !this.#isEnded) await this.#whenThere(forMs);
    if (this.#waiting.length === 0 && this.#failure !== undefined) throw this.#failure;
    if (this.#waiting.length === 0 && this.#isEnded) throw new Error('the server ended the replication');
    const taken = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#connection.stream.resume();
    }
    return taken;
  }

  /** Whether nothing waits to be taken. */
  get isDrained(): boolean {
    return this.#waiting.length === 0;
  }

  /** All transactions that committed before this have been sent; taken they are when `take` answers none. */
  get seen(): Lsn {
    return this.#seen;
  }

  /** All before this is kept elsewhere; the server may forget it. */
  confirm(lsn: Lsn): void {
    if (lsn <= this.#confirmed) return;
    this.#confirmed = lsn;
    this.#sendStatus();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#connection.stream.resume();
    // A walsender that is in the middle of a copy does not hear a farewell.
    this.#connection.stream.destroy();
    await this.#client.end().catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The driver makes an event and some objects of each message of a copy: they are read before it sees them. */
  #readCopies(): void {
    const { stream } = this.#connection;
    const toDriver = stream.listeners('data') as ((bytes: Buffer) => void)[];
    const frames = new CopyFrames(
      (bytes, start, end) => this.#receive(bytes, start, end),
      (bytes) => {
        for (const listener of toDriver) listener(bytes);
      },
    );
    stream.removeAllListeners('data');
    stream.on('data', (piece: Buffer) => {
      frames.push(piece);
      this.#wake?.();
    });
  }

  #receive(bytes: Buffer, start: number, end: number): void {
    try {
      if (bytes[start] === 0x77) {
        this.#waiting.push(this.#decode(bytes, start + 25, end));
        this.#waitingBytes += end - start;
        const isFull = this.#waiting.length >= waitingMax || this.#waitingBytes >= waitingBytesMax;
        if (isFull && !this.#isPaused) {
          this.#isPaused = true;
          this.#connection.stream.pause();
        }
      } else if (bytes[start] === 0x6b) {
        const seen = bytes.readBigUInt64BE(start + 1);
        if (seen > this.#seen) this.#seen = seen;
        if (bytes[start + 17] === 1) this.#sendStatus();
      }
    } catch (error) {
      this.#end(error as Error);
    }
  }

  #decode(bytes: Buffer, start: number, end: number): PgoutputMessage {
    if (this.#streamed !== undefined) {
      const message = splitStreamed(this.#streamed, bytes, start, end);
      if (message.kind === 'stream_stop') this.#streamed = undefined;
      return message;
    }
    const message = decodeMessage(bytes, start, end);
    if (message.kind === 'stream_start') this.#streamed = message.xid;
    return message;
  }

  #sendStatus(): void {
    if (this.#isEnded) return;
    const status = Buffer.alloc(34);
    status[0] = 0x72;
    for (const at of [1, 9, 17]) status.writeBigUInt64BE(this.#confirmed, at);
    status.writeBigInt64BE(BigInt(Date.now()) * 1_000n - 946_684_800_000_000n, 25);
    (this.#connection as unknown as { sendCopyFromChunk(bytes: Buffer): void }).sendCopyFromChunk(status);
  }

  #whenThere(forMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, forMs);
      const self = this;
      function done(): void {
        clearTimeout(timer);
        self.#wake = undefined;
        resolve();
      }
      this.#wake = done;
    });
  }

  #end(error: Error | undefined): void {
    this.#failure ??= error;
    this.#isEnded = true;
    clearInterval(this.#timer);
    this.#wake?.();
  }
}
