import type { ClusterState } from './cluster-state.ts';

/**
 * One broker of the cluster as clients see it: an id and an address. All endpoints of a cluster share one process and
 * one state.
 */
export interface BrokerEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  readonly cluster: ClusterState;
  /** Addresses by the names of listeners; without one under a name, host and port are it. */
  readonly listeners?: ReadonlyMap<string, ListenerAddress> | undefined;
}

export interface ListenerAddress {
  readonly host: string;
  readonly port: number;
}

/** Where clients that came through a listener find the broker: at its listener of that name. */
export function addressFor(endpoint: BrokerEndpoint, listener: string | undefined): ListenerAddress {
  const { host, port, listeners } = endpoint;
  return (listener === undefined ? undefined : listeners?.get(listener)) ?? { host, port };
}
