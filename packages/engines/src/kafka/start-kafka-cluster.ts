/**
 * Starts a KRaft cluster of Apache Kafka on loopback: one broker or several, each also a controller.
 *
 * A directory that holds a cluster is started again as it was; one that does not is formatted. Ports that others took
 * between their choice and the brokers' start are replaced, as long as nothing was stored under them.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMillraceError } from '@millrace/base';
import { guard, unguard } from '../processes/guardian.ts';
import { reservePorts } from '../processes/reserve-ports.ts';
import {
  type BrokerPlan,
  type ConfigurationContext,
  clientListeners,
  type JvmProfile,
  type KafkaSecurity,
  type ListenerName,
} from './broker-configuration.ts';
import {
  formatCluster,
  newCluster,
  planBrokers,
  readCluster,
  removeCluster,
  type StoredCluster,
  withPorts,
  writeConfigurations,
} from './cluster-layout.ts';
import { ClusterOfProcesses, type ClusterOfProcessesOptions, type Member } from './cluster-of-processes.ts';
import type { KafkaDistribution } from './distribution.ts';
import { brokerFlags } from './jvm-flags.ts';
import type { KafkaCluster } from './kafka-cluster.ts';

const ATTEMPTS_MAX = 5;
const START_MS_MAX = 120_000;
const loopback = '127.0.0.1';

export interface KafkaClusterOptions {
  readonly distribution: KafkaDistribution;
  /** For people and messages. Default `kafka`. */
  readonly name?: string | undefined;
  /** Where it stores; kept when it is closed. Default: a temporary one, removed with the cluster. */
  readonly directory?: string | undefined;
  /** An address of this machine at which clients reach the brokers. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** How many brokers, with node ids from 1. Default 1. */
  readonly brokers?: number | undefined;
  /** Racks of the brokers in their order. Default `rack-1`, `rack-2`, ... */
  readonly racks?: readonly string[] | undefined;
  /** All listeners, with entries that decide. Default: PLAINTEXT alone, everything allowed. */
  readonly security?: KafkaSecurity | undefined;
  /**
   * Ports of the brokers' first listener in their order, 0 being a free one. Default: those of the last start, free
   * ones for a new cluster.
   */
  readonly ports?: readonly number[] | undefined;
  /** Brokers' settings by Kafka's names, which win over those chosen here. */
  readonly configuration?: Readonly<Record<string, string>> | undefined;
  /** Default `small`. */
  readonly jvm?: JvmProfile | undefined;
  /** Largest heap of each broker, as Java takes it: `384m`. Default 256 MB for `small`, 1 GB else. */
  readonly heap?: string | undefined;
  /** Further flags of Java for the brokers. */
  readonly javaFlags?: readonly string[] | undefined;
  /** Bound on the time from the start of the brokers until they serve. Default 120,000. */
  readonly startTimeoutMs?: number | undefined;
  /** Ends a start that is under way: its brokers are killed, and it is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told, as a sentence, when a broker ended that nobody had stopped or killed. */
  readonly onBrokerEnd?: ((sentence: string) => void) | undefined;
}

/**
 * Starts a cluster and waits until it serves. Throws `kafka_start_failed` with the end of a broker's log, or
 * `kafka_port_taken` when a port that the cluster was formatted with is not free anymore.
 */
export async function startKafkaCluster(options: KafkaClusterOptions): Promise<KafkaCluster> {
  const temporary = options.directory === undefined;
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'millrace-kafka-')));
  if (temporary) guard({ directory });
  const removeIfTemporary = async (): Promise<void> => {
    if (!temporary) return;
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    unguard({ directory });
  };
  try {
    await mkdir(directory, { recursive: true });
    const stored = await readCluster(directory);
    if (stored === undefined) return await startNew(options, directory, removeIfTemporary);
    return await startAgain(options, directory, stored, removeIfTemporary);
  } catch (error) {
    await removeIfTemporary();
    throw error;
  }
}

async function startAgain(
  options: KafkaClusterOptions,
  directory: string,
  stored: StoredCluster,
  afterClose: () => Promise<void>,
): Promise<KafkaCluster> {
  const { ports = [], racks } = options;
  const reserved = await reservePorts(ports.filter((port) => port === 0).length);
  try {
    const brokers = planBrokers(directory, withPorts(stored, ports, reserved.ports), racks);
    await writeConfigurations(contextOf(options, brokers));
    return await startMembers(options, stored, brokers, async () => {
      reserved.release();
      await afterClose();
    });
  } catch (error) {
    reserved.release();
    throw error;
  }
}

async function startNew(
  options: KafkaClusterOptions,
  directory: string,
  afterClose: () => Promise<void>,
): Promise<KafkaCluster> {
  const { brokers: count = 1, ports = [], racks, security, distribution } = options;
  const listeners: readonly ListenerName[] = security === undefined ? ['PLAINTEXT'] : clientListeners;
  for (let attempt = 1; ; attempt++) {
    const free = ports.filter((port) => port === 0).length;
    const reserved = await reservePorts(count * (1 + listeners.length) + free);
    const cluster = withPorts(newCluster(count, listeners, reserved.ports), ports, reserved.ports.slice(-free));
    const brokers = planBrokers(directory, cluster, racks);
    const context = contextOf(options, brokers);
    try {
      await writeConfigurations(context);
      await formatCluster(distribution, directory, cluster, context);
      return await startMembers(options, cluster, brokers, async () => {
        reserved.release();
        await afterClose();
      });
    } catch (error) {
      reserved.release();
      await removeCluster(directory, brokers);
      if (attempt === ATTEMPTS_MAX || !isMillraceError(error, 'kafka_port_taken')) throw error;
    }
  }
}

function contextOf(options: KafkaClusterOptions, brokers: readonly BrokerPlan[]): ConfigurationContext {
  const { security, configuration = {}, jvm = 'small', host = loopback } = options;
  return { brokers, jvm, security, host, overrides: configuration };
}

async function startMembers(
  options: KafkaClusterOptions,
  { clusterId }: StoredCluster,
  brokers: readonly BrokerPlan[],
  afterClose: () => Promise<void>,
): Promise<KafkaCluster> {
  options.signal?.throwIfAborted();
  const cluster = new ClusterOfProcesses({
    name: options.name ?? 'kafka',
    clusterId,
    host: options.host ?? loopback,
    members: brokers.map((plan) => memberOf(options, plan)),
    probe: probeOf(options.security),
    signal: options.signal,
    onBrokerEnd: options.onBrokerEnd,
    startTimeoutMs: options.startTimeoutMs ?? START_MS_MAX,
    keeps: options.directory !== undefined,
    afterClose,
  });
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster.kill();
    throw error;
  }
}

function memberOf(options: KafkaClusterOptions, plan: BrokerPlan): Member {
  const { distribution, jvm = 'small', heap, javaFlags = [] } = options;
  const properties = join(plan.directory, 'server.properties');
  const flags = [...brokerFlags(distribution, { jvm, heap }), ...javaFlags];
  return {
    plan,
    command: {
      program: distribution.java.program,
      args: [...flags, '-cp', distribution.classPath, 'kafka.Kafka', properties],
      logFile: join(plan.directory, 'broker.log'),
    },
  };
}

/** Brokers are asked as one of themselves, who may do everything. */
function probeOf(security: KafkaSecurity | undefined): ClusterOfProcessesOptions['probe'] {
  if (security === undefined) return { listener: 'PLAINTEXT' };
  return { listener: 'SSL', security: { tls: { ca: security.authority, ...security.broker } } };
}
