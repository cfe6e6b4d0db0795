/** Runs one of Kafka's command-line tools in a Java of its own. */
import type { KafkaDistribution } from './distribution.ts';
import { toolFlags } from './jvm-flags.ts';
import { type ProgramOptions, type ProgramResult, runProgram } from './run-program.ts';

/** The main class of a tool, by the name of its script in Kafka's `bin` without `.sh`. */
const classes = {
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-client-metrics': 'org.apache.kafka.tools.ClientMetricsCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-share-consumer': 'org.apache.kafka.tools.consumer.ConsoleShareConsumer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-delegation-tokens': 'org.apache.kafka.tools.DelegationTokenCommand',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-groups': 'org.apache.kafka.tools.GroupsCommand',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-replica-verification': 'org.apache.kafka.tools.ReplicaVerificationTool',
  'kafka-share-groups': 'org.apache.kafka.tools.consumer.group.ShareGroupCommand',
  'kafka-storage': 'kafka.tools.StorageTool',
  'kafka-streams-application-reset': 'org.apache.kafka.tools.StreamsResetter',
  'kafka-streams-groups': 'org.apache.kafka.tools.streams.StreamsGroupCommand',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
} as const;

export type KafkaTool = keyof typeof classes;

/** The main class of a tool. */
export function toolClass(tool: KafkaTool): string {
  return classes[tool];
}

/** Runs a tool to its end. */
export function runKafkaTool(
  distribution: KafkaDistribution,
  tool: KafkaTool,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return runKafkaClass(distribution, classes[tool], args, options);
}

/** Runs any class that has a `main`, of Kafka's or beside it. */
export function runKafkaClass(
  distribution: KafkaDistribution,
  name: string,
  args: readonly string[],
  options: ProgramOptions & { readonly javaFlags?: readonly string[] | undefined } = {},
): Promise<ProgramResult> {
  const flags = [...toolFlags(distribution), ...(options.javaFlags ?? [])];
  return runProgram(distribution.java.program, [...flags, '-cp', distribution.classPath, name, ...args], options);
}
