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
}
