/**
 * A network in memory, whose bytes arrive in microtasks, so that clients and brokers of one process meet without the
 * cost of sockets. Names of hosts do not matter, ports do.
 */

import type { ListenOptions, SocketHandler } from '@millrace/base';
import { ConnectError, type ConnectOptions, type Listener, type Network, type Socket } from '@millrace/base';

const firstFreePort = 50_000;

export class MemoryNetwork implements Network {
  readonly #ports = new Map<number, (socket: Socket) => void>();
  #next = firstFreePort;

  async listen({ host, port }: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener> {
    const own = port === 0 ? this.#next++ : port;
    this.#ports.set(own, onConnection);
    return {
      host,
      port: own,
      close: async () => {
        this.#ports.delete(own);
      },
    };
  }

  async connect(options: ConnectOptions): Promise<Socket> {
    const accept = this.#ports.get(options.port);
    if (accept === undefined) throw new ConnectError(options, 'connection refused');
    const near = new MemorySocket(options.port, this.#next++);
    const far = new MemorySocket(near.localPort, options.port);
    near.peer = far;
    far.peer = near;
    accept(far);
    return near;
  }
}

class MemorySocket implements Socket {
  readonly remoteHost = '127.0.0.1';
  readonly remotePort: number;
  readonly localPort: number;
  readonly bufferedBytes = 0;
  peer: MemorySocket | undefined;
  #handler: SocketHandler | undefined;
  #arrived: Uint8Array[] = [];
  #isPaused = false;
  #isEnded = false;
  #isClosed = false;

  constructor(remotePort: number, localPort: number) {
    this.remotePort = remotePort;
    this.localPort = localPort;
  }

  handle(handler: SocketHandler): void {
    this.#handler = handler;
    this.#deliverSoon();
  }

  write(chunks: readonly Uint8Array[]): boolean {
    // The bytes are the sender's again afterwards.
    if (!this.#isClosed) for (const chunk of chunks) this.peer?.arrive(Uint8Array.from(chunk));
    return true;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#deliverSoon();
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    this.#close();
    this.peer?.endSoon();
  }

  arrive(chunk: Uint8Array): void {
    this.#arrived.push(chunk);
    this.#deliverSoon();
  }

  /** The other side has ended the connection. */
  endSoon(): void {
    this.#isEnded = true;
    this.#deliverSoon();
  }

  #deliverSoon(): void {
    queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    while (this.#arrived.length > 0 && !this.#isPaused && !this.#isClosed && this.#handler !== undefined) {
      this.#handler.data(this.#arrived.shift() as Uint8Array);
    }
    if (this.#isEnded && (this.#arrived.length === 0 || this.#isPaused)) this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    queueMicrotask(() => this.#handler?.closed(undefined));
  }
}
