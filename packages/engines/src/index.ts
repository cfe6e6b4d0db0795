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
export { attachKafkaCluster } from './kafka/attach-kafka-cluster.ts';
export type { JvmProfile, KafkaSecurity, ListenerName } from './kafka/broker-configuration.ts';
export type { KafkaDistribution, Report } from './kafka/distribution.ts';
export { ensureKafka } from './kafka/ensure-kafka.ts';
export type { Java } from './kafka/java.ts';
export type { KafkaBroker, KafkaCluster } from './kafka/kafka-cluster.ts';
export { KafkaEngineError, type KafkaEngineProblem } from './kafka/kafka-engine-error.ts';
export { type KafkaSource, kafkaSource } from './kafka/kafka-source.ts';
export { type KafkaTool, runKafkaTool } from './kafka/run-kafka-tool.ts';
export type { ProgramOptions, ProgramResult } from './kafka/run-program.ts';
export { type KafkaClusterOptions, startKafkaCluster } from './kafka/start-kafka-cluster.ts';
export type { RunAddresses, RunCluster, RunFile } from './run-file.ts';
