/** What one broker of the cluster listens on, and the connections that came in there. */
import type { Listener, ListenTls, Network, Socket, Timers } from '@millrace/base';
import { assert, messageOf } from '@millrace/base';
import type { ListenerAddress } from '../broker-endpoint.ts';
import type { ListenerPlan } from '../security/listener-plan.ts';
import type { Connection } from './connection.ts';

export interface BrokerListenerOptions {
  readonly network: Network;
  /** At least one. A port of 0 is a free one, chosen at the first opening and kept. */
  readonly plans: readonly ListenerPlan[];
  /** What a listener with TLS is to show and to ask for. */
  readonly tlsOf: (plan: ListenerPlan) => Promise<ListenTls | undefined>;
  /** Makes a connection of an accepted socket; or refuses it, sees to its end, and answers undefined. */
  readonly accept: (
    socket: Socket,
    plan: ListenerPlan,
    onClosed: (connection: Connection) => void,
  ) => Connection | undefined;
  /** What all connections read into, which keep nothing in it. */
  readonly readBuffer: Uint8Array;
  readonly report: (event: { readonly level: 'info' | 'warn'; readonly message: string }) => void;
}

/** One of its ports. */
interface Port {
  readonly plan: ListenerPlan;
  port: number;
  listener: Listener | undefined;
  tls: ListenTls | undefined;
}

export class BrokerListener {
  readonly #options: BrokerListenerOptions;
  readonly #connections = new Set<Connection>();
  readonly #ports: readonly Port[];
  /** Why TLS could not be renewed, told once. */
  #problem = '';

  constructor(options: BrokerListenerOptions) {
    this.#options = options;
    this.#ports = options.plans.map((plan) => ({ plan, port: plan.port, listener: undefined, tls: undefined }));
  }

  /** What clients are told of each listener, by its name; the first one first. */
  get addresses(): ReadonlyMap<string, ListenerAddress> {
    return new Map(
      this.#ports.map(({ plan: { name, host, advertised }, port }) => [
        name,
        { host: advertised?.host || host, port: advertised?.port || port },
      ]),
    );
  }

  get isOpen(): boolean {
    return this.#ports.every(({ listener }) => listener !== undefined);
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Rejects with `ListenError`, `ConfigurationError` or `DiskError`; nothing is open then. */
  async open(): Promise<void> {
    try {
      for (const port of this.#ports) await this.#openPort(port);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #openPort(port: Port): Promise<void> {
    const { network, accept, readBuffer, tlsOf, report } = this.#options;
    const { plan } = port;
    port.tls = await tlsOf(plan);
    const options = { host: plan.host, port: port.port, tls: port.tls, readBuffer };
    const onRefused = (host: string, reason: string): void =>
      report({ level: 'warn', message: `refused a connection of ${host} to ${plan.name}: ${reason}` });
    port.listener = await network.listen({ ...options, onRefused }, (socket) => {
      const connection = accept(socket, plan, (closed) => this.#connections.delete(closed));
      if (connection !== undefined) this.#connections.add(connection);
    });
    port.port = port.listener.port;
  }

  /** Shows new connections the present certificates; what can't be used is reported, and the old ones stay. */
  async renewTls(): Promise<void> {
    for (const port of this.#ports) {
      if (port.tls === undefined) continue;
      try {
        const tls = await this.#options.tlsOf(port.plan);
        if (port.listener === undefined || JSON.stringify(tls) === JSON.stringify(port.tls)) continue;
        assert(tls !== undefined, 'a listener with TLS keeps it');
        port.listener.renewTls?.(tls);
        port.tls = tls;
        this.#problem = '';
        this.#options.report({ level: 'info', message: `listener ${port.plan.name} has a new certificate` });
      } catch (error) {
        const message = `listener ${port.plan.name} keeps its certificate: ${messageOf(error)}`;
        if (message !== this.#problem) this.#options.report({ level: 'warn', message });
        this.#problem = message;
      }
    }
  }

  /** Accepts no more connections, and ends those there are after `graceMs`, if there are any. */
  async close(timers?: Timers, graceMs = 0): Promise<void> {
    const closed = this.#ports.map((port) => {
      const { listener } = port;
      port.listener = undefined;
      return listener?.close();
    });
    if (timers !== undefined && graceMs > 0 && this.#connections.size > 0) {
      await new Promise<void>((resolve) => timers.after(graceMs, resolve));
    }
    for (const connection of [...this.#connections]) connection.destroy();
    await Promise.all(closed);
  }
}
