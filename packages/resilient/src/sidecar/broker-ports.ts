/**
 * Where programs find each broker of a cluster: a port of its own on loopback, opened when a broker is first named and
 * kept until the sidecar goes to another cluster.
 */
import type { Listener, Network, Socket } from '@millrace/base';
import type { Address } from './named-brokers.ts';

export const loopback = '127.0.0.1';

export class BrokerPorts {
  readonly #network: Network;
  readonly #accept: (socket: Socket, nodeId: number) => void;
  readonly #listeners = new Map<number, Promise<Listener>>();
  #isClosed = false;

  constructor(network: Network, accept: (socket: Socket, nodeId: number) => void) {
    this.#network = network;
    this.#accept = accept;
  }

  /** The address of each broker, once all have one. Rejects with `ListenError`. */
  async addresses(nodeIds: readonly number[]): Promise<(nodeId: number) => Address> {
    const ports = new Map<number, Address>();
    await Promise.all(
      nodeIds.map(async (nodeId) => {
        const { port } = await this.#listener(nodeId);
        ports.set(nodeId, { host: loopback, port });
      }),
    );
    return (nodeId) => ports.get(nodeId) as Address;
  }

  /** Stops accepting. Resolves once the last connection is closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = await Promise.allSettled(this.#listeners.values());
    await Promise.all(opened.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)));
  }

  #listener(nodeId: number): Promise<Listener> {
    let listener = this.#listeners.get(nodeId);
    if (listener === undefined) {
      listener = this.#network.listen({ host: loopback, port: 0 }, (socket) => {
        if (this.#isClosed) return refuse(socket);
        this.#accept(socket, nodeId);
      });
      this.#listeners.set(nodeId, listener);
      // The next one who asks for it tries again.
      listener.catch(() => this.#listeners.delete(nodeId));
    }
    return listener;
  }
}

/** Sees to the end of a socket that nobody takes. */
export function refuse(socket: Socket): void {
  const nothing = (): void => undefined;
  socket.handle({ data: nothing, drained: nothing, closed: nothing });
  socket.destroy();
}
