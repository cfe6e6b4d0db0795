/**
 * The brokers of a cluster as clients meet them: what each listens on, who of them is there, and how one stops and
 * starts while the others go on.
 */
import { assert, MillraceError } from '@millrace/base';
import { addressFor, type BrokerEndpoint } from '../broker-endpoint.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { ReplicaBroker, ReplicaTable } from '../replication/replica-table.ts';
import type { ClusterSecurity } from '../security/cluster-security.ts';
import { type ListenerPlan, planListeners } from '../security/listener-plan.ts';
import { BrokerListener, type BrokerListenerOptions } from './broker-listener.ts';
import type { Connections } from './connections.ts';

export interface ClusterBrokersOptions {
  /** What the endpoints serve; its replication is asked only once the brokers listen. */
  readonly cluster: ClusterState;
  readonly table: ReplicaTable;
  /** Address to listen on. */
  readonly host: string;
  readonly brokers: readonly BrokerPlan[];
  readonly security: ClusterSecurity;
  readonly connections: Connections;
  readonly report: BrokerListenerOptions['report'];
}

type BrokerPlan = Parameters<typeof planListeners>[2][number] & { readonly nodeId: number };

/** A broker was named that the cluster does not have. */
export class UnknownBrokerError extends MillraceError {
  readonly code = 'unknown_broker';
  readonly nodeId: number;

  constructor(nodeId: number, known: readonly number[]) {
    super(`the cluster has no broker ${nodeId}; its brokers are ${known.join(', ')}`);
    this.nodeId = nodeId;
  }
}

export class ClusterBrokers {
  readonly #options: ClusterBrokersOptions;
  /** By node id, ascending. */
  readonly #listeners: ReadonlyMap<number, BrokerListener>;
  #running: readonly BrokerEndpoint[] = [];
  #fenced: readonly BrokerEndpoint[] = [];
  /** The last start or stop of a broker; never rejects. */
  #switching: Promise<unknown> = Promise.resolve();

  /** Throws `ConfigurationError` when the listeners do not go together. */
  constructor(options: ClusterBrokersOptions) {
    this.#options = options;
    this.#listeners = this.#makeListeners();
  }

  /** Those that run, by ascending node id. */
  get running(): readonly BrokerEndpoint[] {
    return this.#running;
  }

  /** Those that were stopped, likewise. */
  get fenced(): readonly BrokerEndpoint[] {
    return this.#fenced;
  }

  /** Bootstrap servers by the names of listeners. */
  get bootstraps(): Readonly<Record<string, string>> {
    const names = [...(this.#running[0]?.listeners?.keys() ?? [])];
    const at = (name: string): string =>
      this.#running
        .map((endpoint) => addressFor(endpoint, name))
        .map(({ host, port }) => `${host}:${port}`)
        .join(',');
    return Object.fromEntries(names.map((name) => [name, at(name)]));
  }

  /** Rejects with `ListenError`. */
  async listen(): Promise<void> {
    // All ports are bound before any client is answered, because every answer names all brokers.
    for (const [nodeId, listener] of this.#listeners) {
      if (this.#options.table.isRunning(nodeId)) await listener.open();
    }
    this.#nameEndpoints();
  }

  /** Moves what the broker leads and coordinates to others, then ends its connections. */
  stop(nodeId: number, graceMs: number): Promise<void> {
    const { replication, platform } = this.#options.cluster;
    return this.#switch(async () => {
      const listener = this.#listenerOf(nodeId);
      await replication.brokerStopped(nodeId);
      this.#nameEndpoints();
      await listener.close(platform.timers, graceMs);
    });
  }

  /** Lets the broker listen and take part again. */
  start(nodeId: number): Promise<void> {
    const { table, cluster } = this.#options;
    return this.#switch(async () => {
      const listener = this.#listenerOf(nodeId);
      if (!listener.isOpen) await listener.open();
      try {
        await cluster.replication.brokerReturned(nodeId);
      } finally {
        if (table.isDown(nodeId)) await listener.close();
        this.#nameEndpoints();
      }
    });
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.#switching;
    await Promise.all([...this.#listeners.values()].map((listener) => listener.close()));
  }

  /** Closes connections that do not log in, and shows new ones the certificates that are there now. */
  async tend(): Promise<void> {
    for (const listener of this.#listeners.values()) {
      for (const connection of listener.connections) connection.closeIfLate();
      await listener.renewTls();
    }
  }

  closeIdle(idleMsMax: number): void {
    for (const { connections } of this.#listeners.values()) {
      for (const connection of connections) connection.closeIfIdle(idleMsMax);
    }
  }

  #makeListeners(): ReadonlyMap<number, BrokerListener> {
    const { cluster, table, host, brokers, security } = this.#options;
    const nodeIds = table.brokers.map(({ nodeId }) => nodeId);
    const asked = nodeIds.map((nodeId) => brokers.find((broker) => broker.nodeId === nodeId) ?? { port: 0 });
    const plans = planListeners(cluster.configuration, host, asked);
    security.check(plans.flat());
    return new Map(nodeIds.map((nodeId, index) => [nodeId, this.#makeListener(nodeId, plans[index] ?? [])]));
  }

  #makeListener(nodeId: number, plans: readonly ListenerPlan[]): BrokerListener {
    const { cluster, security, connections, report } = this.#options;
    return new BrokerListener({
      network: cluster.platform.network,
      plans,
      tlsOf: (plan) => security.tlsOf(plan),
      readBuffer: connections.readBuffer,
      report,
      accept: (socket, plan, onClosed) => {
        const broker = this.#running.find((endpoint) => endpoint.nodeId === nodeId);
        if (broker !== undefined) {
          const authentication = security.authenticate(socket, plan);
          return connections.accept(socket, broker, { listener: plan.name, authentication }, onClosed);
        }
        socket.destroy();
        return undefined;
      },
    });
  }

  #nameEndpoints(): void {
    const { table } = this.#options;
    const known = new Map(this.#running.map((endpoint) => [endpoint.nodeId, endpoint]));
    const endpointOf = (broker: ReplicaBroker): BrokerEndpoint => known.get(broker.nodeId) ?? this.#endpointOf(broker);
    const answers = ({ nodeId }: ReplicaBroker): boolean => this.#listenerOf(nodeId).isOpen && table.isRunning(nodeId);
    this.#running = table.brokers.filter(answers).map(endpointOf);
    this.#fenced = table.brokers.filter((broker) => !answers(broker)).map(endpointOf);
  }

  #endpointOf({ nodeId, rack }: ReplicaBroker): BrokerEndpoint {
    const listeners = this.#listenerOf(nodeId).addresses;
    const [first] = listeners.values();
    assert(first !== undefined, 'a broker has a listener');
    return { nodeId, ...first, rack, listeners, cluster: this.#options.cluster };
  }

  #listenerOf(nodeId: number): BrokerListener {
    const listener = this.#listeners.get(nodeId);
    if (listener === undefined) throw new UnknownBrokerError(nodeId, [...this.#listeners.keys()]);
    return listener;
  }

  /** Runs one start or stop of a broker after the other. */
  #switch(work: () => Promise<void>): Promise<void> {
    const switched = this.#switching.then(work);
    this.#switching = switched.catch(() => undefined);
    return switched;
  }
}
