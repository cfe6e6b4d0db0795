/**
 * A cluster's directory: `cluster.json`, which says who its brokers are and at which ports, and a folder for each with
 * its configuration and what it stores.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  authorityFile,
  type BrokerPlan,
  brokerConfiguration,
  type ConfigurationContext,
  identityFile,
  type KafkaSecurity,
  type ListenerName,
} from './broker-configuration.ts';
import type { KafkaDistribution } from './distribution.ts';
import { KafkaEngineError } from './kafka-engine-error.ts';
import { formatProperties } from './properties.ts';
import { runKafkaClass } from './run-kafka-tool.ts';

/** What `cluster.json` holds. */
export interface StoredCluster {
  readonly clusterId: string;
  readonly brokers: readonly StoredBroker[];
}

interface StoredBroker {
  readonly nodeId: number;
  readonly directoryId: string;
  readonly controllerPort: number;
  readonly ports: Readonly<Partial<Record<ListenerName, number>>>;
}

/** New ids, and the given ports: for each of the brokers one for the quorum and one a listener. */
export function newCluster(count: number, listeners: readonly ListenerName[], ports: readonly number[]): StoredCluster {
  const rest = [...ports];
  const nextPort = (): number => rest.shift() ?? 0;
  const brokers = Array.from({ length: count }, (_, index) => ({
    nodeId: index + 1,
    directoryId: randomId(),
    controllerPort: nextPort(),
    ports: Object.fromEntries(listeners.map((name) => [name, nextPort()])),
  }));
  return { clusterId: randomId(), brokers };
}

/** The cluster that a directory holds; undefined when it holds none. */
export async function readCluster(directory: string): Promise<StoredCluster | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, 'cluster.json'), 'utf8')) as StoredCluster;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The brokers of a cluster that lies in `directory`; racks `rack-1`, `rack-2`, ... unless named. */
export function planBrokers(
  directory: string,
  cluster: StoredCluster,
  racks: readonly string[] | undefined,
): BrokerPlan[] {
  return cluster.brokers.map(({ ports, ...broker }, index) => ({
    ...broker,
    rack: racks === undefined ? `rack-${index + 1}` : racks[index],
    directory: join(directory, `broker-${broker.nodeId}`),
    ports: new Map(Object.entries(ports) as [ListenerName, number][]),
  }));
}

/** Writes the brokers' `server.properties` and certificates. */
export async function writeConfigurations(context: ConfigurationContext): Promise<void> {
  const { security } = context;
  for (const plan of context.brokers) {
    await mkdir(plan.directory, { recursive: true });
    const properties = formatProperties(brokerConfiguration(plan, context));
    await writeFile(join(plan.directory, 'server.properties'), properties, { mode: 0o600 });
    if (security === undefined) continue;
    const { cert, key } = security.broker;
    await writeFile(join(plan.directory, identityFile), `${key}${cert}`, { mode: 0o600 });
    await writeFile(join(plan.directory, authorityFile), security.authority);
  }
}

/** Formats the brokers' log directories, all at once, and notes in `cluster.json` that the cluster is there. */
export async function formatCluster(
  distribution: KafkaDistribution,
  directory: string,
  cluster: StoredCluster,
  { brokers, security }: ConfigurationContext,
): Promise<void> {
  const voters = brokers.map((each) => `${each.nodeId}@127.0.0.1:${each.controllerPort}:${each.directoryId}`).join(',');
  const format = async (broker: BrokerPlan): Promise<void> => {
    const args = ['format', '--cluster-id', cluster.clusterId, '--config', join(broker.directory, 'server.properties')];
    args.push('--initial-controllers', voters, ...scramArguments(security));
    const { code, stdout, stderr } = await runKafkaClass(distribution, 'kafka.tools.StorageTool', args);
    if (code === 0) return;
    const message = `Kafka's storage tool could not format ${broker.directory}: ${stderr || stdout}`;
    throw new KafkaEngineError('kafka_start_failed', message);
  };
  await Promise.all(brokers.map(format));
  await writeFile(join(directory, 'cluster.json'), `${JSON.stringify(cluster, null, 2)}\n`);
}

/** Undoes `formatCluster` and `writeConfigurations`. */
export async function removeCluster(directory: string, brokers: readonly BrokerPlan[]): Promise<void> {
  await rm(join(directory, 'cluster.json'), { force: true });
  for (const broker of brokers) await rm(broker.directory, { recursive: true, force: true });
}

function scramArguments(security: KafkaSecurity | undefined): string[] {
  return Object.entries(security?.users ?? {}).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((each) => [
      '--add-scram',
      `${each}=[name=${name},password=${password}]`,
    ]),
  );
}

/** An id as Kafka writes it: 16 bytes, of which base64url makes 22 characters. */
function randomId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    // Kafka takes an argument that begins so for an option.
    if (!id.startsWith('-')) return id;
  }
}
