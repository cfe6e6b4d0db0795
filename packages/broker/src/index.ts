export {
  type BrokerAddress,
  type BrokerEvent,
  type BrokerOptions,
  type Cluster,
  type ClusterOptions,
  startCluster,
} from './cluster.ts';
export { ClusterDirectoryError } from './cluster-directory.ts';
export { ConfigurationError } from './configuration/definition.ts';
export { JournalClosedError, JournalCorruptError, JournalEntryTooLargeError } from './journal/journal-error.ts';
export { UnknownBrokerError } from './network/cluster-brokers.ts';
export type { SecurityOptions } from './security/cluster-security.ts';
export type { ListenerOptions, SecurityProtocol } from './security/listener-plan.ts';
export type { ScramUser } from './security/scram-credentials.ts';
export type { ClientMetrics } from './telemetry/client-telemetry.ts';
