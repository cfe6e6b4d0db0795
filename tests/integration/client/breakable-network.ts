/**
 * The machine's network, whose connections a test can break: at once, or so that the broker's answers are lost first.
 */
import { type Network, nodePlatform, type Platform, type Socket, type SocketHandler } from '@millrace/base';

export interface BreakableNetwork {
  readonly platform: Platform;
  /** Connections opened so far. */
  readonly opened: number;
  /** Bytes received so far over all of them. */
  readonly receivedBytes: number;
  /** Ends all connections that are open. */
  breakAll(): void;
  /** From now on what brokers send on the connections that are open is thrown away; `breakAll` ends them. */
  deafen(): void;
}

export function breakableNetwork(): BreakableNetwork {
  const sockets = new Set<BreakableSocket>();
  let opened = 0;
  let receivedBytes = 0;
  const network: Network = {
    listen: (options, onConnection) => nodePlatform.network.listen(options, onConnection),
    async connect(options) {
      const socket = new BreakableSocket(await nodePlatform.network.connect(options), {
        gone: (socket) => sockets.delete(socket),
        received: (bytes) => {
          receivedBytes += bytes;
        },
      });
      sockets.add(socket);
      opened++;
      return socket;
    },
  };
  return {
    platform: { ...nodePlatform, network },
    get opened() {
      return opened;
    },
    get receivedBytes() {
      return receivedBytes;
    },
    breakAll() {
      for (const socket of [...sockets]) socket.destroy();
    },
    deafen() {
      for (const socket of sockets) socket.isDeaf = true;
    },
  };
}

interface SocketWatcher {
  readonly gone: (socket: BreakableSocket) => void;
  readonly received: (bytes: number) => void;
}

class BreakableSocket implements Socket {
  readonly #inner: Socket;
  readonly #watcher: SocketWatcher;
  isDeaf = false;

  constructor(inner: Socket, watcher: SocketWatcher) {
    this.#inner = inner;
    this.#watcher = watcher;
  }

  get remoteHost(): string {
    return this.#inner.remoteHost;
  }

  get remotePort(): number {
    return this.#inner.remotePort;
  }

  get localPort(): number {
    return this.#inner.localPort;
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes;
  }

  handle(handler: SocketHandler): void {
    this.#inner.handle({
      data: (chunk) => {
        this.#watcher.received(chunk.length);
        if (!this.isDeaf) handler.data(chunk);
      },
      drained: () => handler.drained(),
      closed: (error) => {
        this.#watcher.gone(this);
        handler.closed(error);
      },
    });
  }

  write(chunks: readonly Uint8Array[], sent?: () => void): boolean {
    return this.#inner.write(chunks, sent);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(): void {
    this.#inner.end();
  }

  destroy(): void {
    this.#inner.destroy();
  }
}
