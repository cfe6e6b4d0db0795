export type { FleetClusters, ProtocolClusters } from './fleet-clusters.ts';
export { type FleetClustersOptions, type OpenFleetClusters, openFleetClusters } from './open-fleet-clusters.ts';
export { UnknownClusterError } from './unknown-cluster-error.ts';
