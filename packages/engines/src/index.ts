export { type DataDirectory, findRunning, openDataDirectory } from './data-directory.ts';
export { DataDirectoryError, type DataDirectoryProblem } from './data-directory-error.ts';
export {
  defaultClusters,
  type EmbeddedBrokerPlan,
  type EmbeddedClusterPlan,
  type EmbeddedFleet,
  type EmbeddedFleetOptions,
  startEmbeddedFleet,
} from './embedded-fleet.ts';
export type { RunAddresses, RunCluster, RunFile } from './run-file.ts';
