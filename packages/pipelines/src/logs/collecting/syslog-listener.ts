/**
 * Takes syslog over TCP (RFC 6587: a length before each message, or a line each) and UDP (RFC 5426).
 *
 * Syslog has no acknowledgement. Over TCP a sender is read no further while its lines are on their way to the brokers,
 * so that it has to wait; over UDP what comes faster than it can be stored is lost, and counted. The lines of a stack
 * trace are one record: over TCP a line waits a moment for those that go on with it, over UDP they come together.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ListenError } from '@millrace/base';
import type { Joining } from '../line/join-lines.ts';
import { type GivenLine, LineJoiner } from '../line/line-joiner.ts';
import { cut, type LogLine } from '../line/log-line.ts';
import type { LineIntake } from './line-intake.ts';
import { givenLineOfSyslog } from './syslog-message.ts';

export interface SyslogOptions {
  /** Its own, with a delivery timeout of days: lines that are tried again by anybody else than it would come twice. */
  readonly intake: LineIntake;
  /** Default 127.0.0.1. There is no way to tell who sends, so anything else should be a network of its own. */
  readonly host?: string | undefined;
  /** 514 is syslog's own; 0 chooses one. The same for TCP and UDP. */
  readonly port: number;
  /** Default `traces`. */
  readonly joining?: Joining | undefined;
}

const messageBytesMax = 64 * 1024;
const retryMs = 500;
const batchMs = 20;
const joinMs = 200;
const connectionsMax = 1_000;

export class SyslogListener implements AsyncDisposable {
  readonly #intake: LineIntake;
  readonly #server: Server;
  readonly #datagrams: DatagramSocket;
  readonly #joining: Joining;
  readonly #serving = new Map<Socket, Promise<void>>();
  readonly #stop = new AbortController();
  #gathered: { readonly sender: string; readonly given: GivenLine }[] = [];
  #storingDatagrams: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  /** Datagrams that could not be stored. */
  lost = 0;
  port = 0;

  private constructor(intake: LineIntake, joining: Joining) {
    this.#intake = intake;
    this.#joining = joining;
    this.#server = createServer((socket) => {
      this.#serving.set(
        socket,
        this.#serve(socket).finally(() => this.#serving.delete(socket)),
      );
    });
    this.#server.maxConnections = connectionsMax;
    this.#datagrams = createSocket('udp4');
    this.#datagrams.on('message', (bytes, { address }) => this.#gather(bytes, address));
  }

  /** Rejects with `ListenError`. */
  static async start(options: SyslogOptions): Promise<SyslogListener> {
    const { intake, host = '127.0.0.1', port, joining = 'traces' } = options;
    const listener = new SyslogListener(intake, joining);
    try {
      listener.#server.listen(port, host);
      await once(listener.#server, 'listening');
      listener.port = (listener.#server.address() as AddressInfo).port;
      listener.#datagrams.bind(listener.port, host);
      await once(listener.#datagrams, 'listening');
    } catch (error) {
      listener.#server.close();
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      throw new ListenError(isTaken ? 'port_in_use' : 'listen_failed', { host, port }, error);
    }
    return listener;
  }

  /** Stores what has come whole, if the brokers take it now. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    const served = [...this.#serving.values()];
    for (const socket of this.#serving.keys()) socket.destroy();
    this.#storeGathered();
    await Promise.all([
      ...served,
      this.#storingDatagrams,
      new Promise((resolve) => this.#server.close(resolve)),
      new Promise<void>((resolve) => this.#datagrams.close(resolve)),
    ]);
  }

  #gather(bytes: Buffer, sender: string): void {
    this.#gathered.push({ sender, given: givenLineOf(bytes, sender) });
    if (this.#gathered.length === 1) setTimeout(() => this.#storeGathered(), batchMs);
  }

  #storeGathered(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    const joiners = new Map<string, LineJoiner>();
    const lines = gathered.flatMap(({ sender, given }) => {
      const joiner = joiners.get(sender) ?? new LineJoiner(this.#joining);
      joiners.set(sender, joiner);
      return joiner.add(given);
    });
    for (const joiner of joiners.values()) lines.push(...joiner.flush());
    const storing = this.#intake.store(lines).then(
      () => undefined,
      () => {
        this.lost += lines.length;
      },
    );
    this.#storingDatagrams = Promise.all([this.#storingDatagrams, storing]).then(() => undefined);
  }

  async #serve(socket: Socket): Promise<void> {
    const sender = socket.remoteAddress ?? '';
    const joiner = new LineJoiner(this.#joining);
    let storing = Promise.resolve();
    const store = (lines: readonly LogLine[]): Promise<void> => {
      storing = storing.then(() => this.#store(lines));
      return storing;
    };
    // What fails here fails with the next line too.
    const flush = (): void => void store(joiner.flush()).catch(() => undefined);
    let quiet: NodeJS.Timeout | undefined;
    let rest: Buffer = Buffer.alloc(0);
    try {
      for await (const chunk of socket) {
        clearTimeout(quiet);
        const { messages, left } = messagesOf(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
        rest = left;
        await store(messages.flatMap((bytes) => joiner.add(givenLineOf(bytes, sender))));
        quiet = setTimeout(flush, joinMs);
      }
      if (rest.length > 0) await store(joiner.add(givenLineOf(rest, sender)));
    } catch {
      // The connection broke, or the listener closes: nobody is left to be told.
      socket.destroy();
    }
    clearTimeout(quiet);
    await store(joiner.flush()).catch(() => undefined);
  }

  /** Resolves when the lines are stored, however long that takes. */
  async #store(lines: readonly LogLine[]): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      try {
        if (lines.length > 0) await this.#intake.store(lines);
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        await pause(retryMs, undefined, { signal });
      }
    }
  }
}

function givenLineOf(bytes: Buffer, sender: string): GivenLine {
  const text = bytes.toString().replace(/[\r\n\0]+$/, '');
  return givenLineOfSyslog(cut(text), sender, Date.now());
}

/** A length and its space; longer ones are no lengths. */
const countBytesMax = 7;

/** Whole messages of a stream, and what is left. A message that is too long is cut there. */
export function messagesOf(bytes: Buffer): { readonly messages: readonly Buffer[]; readonly left: Buffer } {
  const messages: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const counted = /^([1-9]\d{0,5}) /.exec(bytes.toString('latin1', at, at + countBytesMax));
    const from = counted === null ? at : at + counted[0].length;
    const feed = counted === null ? bytes.indexOf(10, at) : -1;
    const isCut = feed < 0 && bytes.length - at >= messageBytesMax;
    const to = counted === null ? (isCut ? at + messageBytesMax : feed) : from + Number(counted[1]);
    if (to < 0 || to > bytes.length) break;
    if (to > from) messages.push(bytes.subarray(from, to));
    at = counted === null && !isCut ? to + 1 : to;
  }
  return { messages, left: Buffer.from(bytes.subarray(at)) };
}
