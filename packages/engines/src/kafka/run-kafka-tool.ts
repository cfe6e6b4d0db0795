/** Runs one of Kafka's command-line tools in a Java of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guard, unguard } from '../processes/guardian.ts';
import { type ProgramOptions, type ProgramResult, runProgram } from '../processes/run-program.ts';
import type { KafkaDistribution } from './distribution.ts';
import { toolFlags } from './jvm-flags.ts';
import { formatProperties } from './properties.ts';

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

export interface ToolOptions {
  /** What it reads as its standard input. */
  readonly input?: string | Uint8Array | undefined;
  /** After this time it is told to stop as by SIGTERM, and its `code` is 143. Default 60,000. */
  readonly stopAfterMs?: number | undefined;
  /** Settings of its client by Kafka's names, handed over in a file as `--command-config`. */
  readonly clientConfiguration?: Readonly<Record<string, string>> | undefined;
}

const STOP_AFTER_MS = 60_000;

/** Runs a tool to its end; what it exits with is no error here. */
export function runKafkaTool(
  distribution: KafkaDistribution,
  tool: KafkaTool,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ProgramResult> {
  return withClientConfiguration(args, options, (words) => {
    const { input, stopAfterMs = STOP_AFTER_MS } = options;
    return runKafkaClass(distribution, classes[tool], words, { input, stopAfterMs });
  });
}

/** Calls `run` with a tool's arguments, to which the file with its client's settings is added while that goes on. */
export async function withClientConfiguration<T>(
  args: readonly string[],
  { clientConfiguration }: ToolOptions,
  run: (args: readonly string[]) => Promise<T>,
): Promise<T> {
  if (clientConfiguration === undefined) return run(args);
  const folder = await mkdtemp(join(tmpdir(), 'millrace-kafka-tool-'));
  try {
    const file = join(folder, 'client.properties');
    await writeFile(file, formatProperties(clientConfiguration), { mode: 0o600 });
    return await run([...args, '--command-config', file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs any class that has a `main`, of Kafka's or beside it. */
export async function runKafkaClass(
  distribution: KafkaDistribution,
  name: string,
  args: readonly string[],
  options: ProgramOptions & { readonly javaFlags?: readonly string[] | undefined } = {},
): Promise<ProgramResult> {
  const flags = [...toolFlags(distribution), ...(options.javaFlags ?? [])];
  const words = [...flags, '-cp', distribution.classPath, name, ...args];
  let pid: number | undefined;
  const onStart = (started: number): void => {
    pid = started;
    guard({ pid: started });
    options.onStart?.(started);
  };
  try {
    return await runProgram(distribution.java.program, words, { ...options, onStart });
  } finally {
    if (pid !== undefined) unguard({ pid });
  }
}
