/** What one broker of the cluster listens on, and the connections that came in there. */
import type { Listener, Network, Socket } from '@millrace/base';
import type { Connection } from './connection.ts';

export interface BrokerListenerOptions {
  readonly network: Network;
  readonly host: string;
  /** 0 is a free one, chosen at the first opening and kept. */
  readonly port: number;
  /** Makes a connection of an accepted socket; or refuses it, sees to its end, and answers undefined. */
  readonly accept: (socket: Socket, onClosed: (connection: Connection) => void) => Connection | undefined;
}

export class BrokerListener {
  readonly #options: BrokerListenerOptions;
  readonly #connections = new Set<Connection>();
  #listener: Listener | undefined;
  #port: number;

  constructor(options: BrokerListenerOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  /** The port it listens on, or did. */
  get port(): number {
    return this.#port;
  }

  get isOpen(): boolean {
    return this.#listener !== undefined;
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Rejects with `ListenError`. */
  async open(): Promise<void> {
    const { network, host, accept } = this.#options;
    this.#listener = await network.listen({ host, port: this.#port }, (socket) => {
      const connection = accept(socket, (closed) => this.#connections.delete(closed));
      if (connection !== undefined) this.#connections.add(connection);
    });
    this.#port = this.#listener.port;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    const closed = listener?.close();
    for (const connection of [...this.#connections]) connection.destroy();
    await closed;
  }
}
