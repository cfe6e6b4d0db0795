/**
 * Takes syslog over TCP (RFC 6587: a length before each message, or a line each) and UDP (RFC 5426).
 *
 * Syslog has no acknowledgement. Over TCP a sender is read no further while its lines are on their way to the brokers,
 * so that it has to wait; over UDP what comes faster than it can be stored is lost, and counted.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ListenError } from '@millrace/base';
import { cut, type LogLine } from '../line/log-line.ts';
import type { LineIntake } from './line-intake.ts';
import { lineOfSyslog } from './syslog-message.ts';

export interface SyslogOptions {
  /** Its own, with a delivery timeout of days: lines that are tried again by anybody else than it would come twice. */
  readonly intake: LineIntake;
  /** Default 127.0.0.1. There is no way to tell who sends, so anything else should be a network of its own. */
  readonly host?: string | undefined;
  /** 514 is syslog's own; 0 chooses one. The same for TCP and UDP. */
  readonly port: number;
}

const messageBytesMax = 64 * 1024;
const retryMs = 500;
const batchMs = 20;

export class SyslogListener implements AsyncDisposable {
  readonly #intake: LineIntake;
  readonly #server: Server;
  readonly #datagrams: DatagramSocket;
  readonly #sockets = new Set<Socket>();
  readonly #stop = new AbortController();
  #gathered: LogLine[] = [];
  /** Datagrams that could not be stored. */
  lost = 0;
  port = 0;

  private constructor(intake: LineIntake) {
    this.#intake = intake;
    this.#server = createServer((socket) => void this.#serve(socket));
    this.#datagrams = createSocket('udp4');
    this.#datagrams.on('message', (bytes, { address }) => this.#gather(bytes, address));
  }

  /** Rejects with `ListenError`. */
  static async start({ intake, host = '127.0.0.1', port }: SyslogOptions): Promise<SyslogListener> {
    const listener = new SyslogListener(intake);
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([
      new Promise((resolve) => this.#server.close(resolve)),
      new Promise<void>((resolve) => this.#datagrams.close(resolve)),
    ]);
  }

  #gather(bytes: Buffer, address: string): void {
    this.#gathered.push(lineOf(bytes, address));
    if (this.#gathered.length > 1) return;
    setTimeout(() => {
      const lines = this.#gathered;
      this.#gathered = [];
      void this.#intake.store(lines).catch(() => {
        this.lost += lines.length;
      });
    }, batchMs);
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    const sender = socket.remoteAddress ?? '';
    let rest: Buffer = Buffer.alloc(0);
    try {
      for await (const chunk of socket) {
        const { messages, left } = messagesOf(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
        rest = left;
        await this.#store(messages.map((bytes) => lineOf(bytes, sender)));
      }
      if (rest.length > 0) await this.#store([lineOf(rest, sender)]);
    } catch {
      // The connection broke, or the listener closes: what came whole is stored, and nobody is left to be told.
      socket.destroy();
    } finally {
      this.#sockets.delete(socket);
    }
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

function lineOf(bytes: Buffer, sender: string): LogLine {
  const text = bytes.toString().replace(/[\r\n\0]+$/, '');
  return lineOfSyslog(cut(text), sender, Date.now());
}

/** Whole messages of a stream, and what is left. A message that is too long is cut there. */
export function messagesOf(bytes: Buffer): { readonly messages: readonly Buffer[]; readonly left: Buffer } {
  const messages: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const counted = /^([1-9]\d{0,5}) $/.exec(bytes.toString('latin1', at, bytes.indexOf(32, at) + 1));
    const from = counted === null ? at : at + counted[0].length;
    const feed = bytes.indexOf(10, at);
    const isCut = feed < 0 && bytes.length - at >= messageBytesMax;
    const to = counted === null ? (isCut ? at + messageBytesMax : feed) : from + Number(counted[1]);
    if (to < 0 || to > bytes.length) break;
    if (to > from) messages.push(bytes.subarray(from, to));
    at = counted === null && !isCut ? to + 1 : to;
  }
  return { messages, left: Buffer.from(bytes.subarray(at)) };
}
