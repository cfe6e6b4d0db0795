/**
 * A cluster's directory: `cluster.json`, which says who its brokers are and at which ports, and a folder for each with
 * its configuration and what it stores.
 */
import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '@millrace/base';
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
import { runKafkaTool } from './run-kafka-tool.ts';

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

/** The cluster with the given ports for the brokers' first listener; each 0 takes the next of the free ones. */
export function withPorts(cluster: StoredCluster, given: readonly number[], free: readonly number[]): StoredCluster {
  const rest = [...free];
  const brokers = cluster.brokers.map((broker, index) => {
    const [listener] = Object.keys(broker.ports);
    const port = given[index] === 0 ? rest.shift() : given[index];
    if (port === undefined || listener === undefined) return broker;
    return { ...broker, ports: { ...broker.ports, [listener]: port } };
  });
  return { ...cluster, brokers };
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

/**
 * Formats the brokers' log directories, and notes in `cluster.json` that the cluster is there.
 *
 * Kafka's tool does the first. The others differ from it in `meta.properties` alone, by their ids, and are copies: that
 * saves each a start of Java.
 */
export async function formatCluster(
  distribution: KafkaDistribution,
  directory: string,
  cluster: StoredCluster,
  { brokers, security }: ConfigurationContext,
): Promise<void> {
  const [first, ...others] = brokers;
  assert(first !== undefined, 'a cluster has a broker');
  const voters = brokers.map((each) => `${each.nodeId}@127.0.0.1:${each.controllerPort}:${each.directoryId}`).join(',');
  const args = ['format', '--cluster-id', cluster.clusterId, '--config', join(first.directory, 'server.properties')];
  args.push('--initial-controllers', voters, ...scramArguments(security));
  const { code, stdout, stderr } = await runKafkaTool(distribution, 'kafka-storage', args);
  if (code !== 0) {
    const message = `Kafka's storage tool could not format ${first.directory}: ${stderr || stdout}`;
    throw new KafkaEngineError('kafka_start_failed', message);
  }
  for (const broker of others) {
    await cp(join(first.directory, 'data'), join(broker.directory, 'data'), { recursive: true });
    const { nodeId, directoryId } = broker;
    const properties = {
      version: '1',
      'cluster.id': cluster.clusterId,
      'node.id': `${nodeId}`,
      'directory.id': directoryId,
    };
    await writeFile(join(broker.directory, 'data', 'meta.properties'), formatProperties(properties));
  }
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
