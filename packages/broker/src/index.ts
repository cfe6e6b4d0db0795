export {
  type BrokerAddress,
  type BrokerEvent,
  type BrokerOptions,
  type Cluster,
  ClusterDirectoryError,
  type ClusterOptions,
  startCluster,
} from './cluster.ts';
export { ConfigurationError } from './configuration/definition.ts';
export { JournalClosedError, JournalCorruptError, JournalEntryTooLargeError } from './journal/journal-error.ts';
