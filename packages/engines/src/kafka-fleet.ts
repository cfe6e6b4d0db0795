/**
 * Clusters of Apache Kafka, a process a broker, started and stopped as one: all of them run, or none. What they store
 * lies in the data directory, and is there again at the next start.
 */
import { nodePlatform } from '@millrace/base';
import type { DataDirectory } from './data-directory.ts';
import type { KafkaDistribution, Report } from './kafka/distribution.ts';
import type { KafkaCluster } from './kafka/kafka-cluster.ts';
import { startKafkaCluster } from './kafka/start-kafka-cluster.ts';
import type { LocalClusterPlan } from './local-clusters.ts';
import { fleetOf, type RunningCluster, type RunningFleet } from './running-fleet.ts';

const HOST = '127.0.0.1';

export interface KafkaFleetOptions {
  readonly distribution: KafkaDistribution;
  /** Open, and kept open by the caller until the fleet is closed. */
  readonly dataDirectory: DataDirectory;
  /** Node ids are 1, 2, ... in their order. */
  readonly clusters: readonly LocalClusterPlan[];
  /** Told how the start goes on, a sentence each. */
  readonly report?: Report | undefined;
  /** Told when a broker ended that nobody had stopped. */
  readonly onBrokerEnd?: ((cluster: string, sentence: string) => void) | undefined;
  /** Ends a start that is under way; its brokers are gone when that is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts the clusters, all at once. When one fails to start, the others are stopped, and its error is thrown.
 *
 * @throws ListenError when a port is taken, KafkaEngineError when a broker did not serve.
 */
export async function startKafkaFleet(options: KafkaFleetOptions): Promise<RunningFleet> {
  const { clusters: plans, report = () => undefined, signal } = options;
  await checkPorts(plans);
  const failure = new AbortController();
  const stop = signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]);
  let served = 0;
  const starting = plans.map(async (plan) => {
    try {
      const cluster = await start(plan, options, stop);
      served += 1;
      report(`Cluster ${plan.name} serves (${served} of ${plans.length}).`);
      return cluster;
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(starting);
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const closings = started.map((cluster) => () => cluster.close());
  if (stop.aborted) {
    await fleetOf([], closings).close();
    throw stop.reason;
  }
  return fleetOf(
    started.map((cluster, index) => runningCluster(plans[index] as LocalClusterPlan, cluster)),
    closings,
  );
}

function start(plan: LocalClusterPlan, options: KafkaFleetOptions, signal: AbortSignal): Promise<KafkaCluster> {
  const { distribution, dataDirectory, onBrokerEnd } = options;
  const { name, site = name, brokers } = plan;
  return startKafkaCluster({
    distribution,
    name,
    directory: dataDirectory.kafkaDirectory(name),
    brokers: brokers.length,
    racks: brokers.map(() => site),
    ports: brokers.map(({ port }) => port),
    configuration: {
      'default.replication.factor': String(Math.min(3, brokers.length)),
      'min.insync.replicas': String(Math.min(2, brokers.length)),
    },
    onBrokerEnd: (sentence) => onBrokerEnd?.(name, sentence),
    signal,
  });
}

/** Finds a port that is taken before any broker starts, which would be told of it late and in many words. */
async function checkPorts(plans: readonly LocalClusterPlan[]): Promise<void> {
  for (const port of plans.flatMap(({ brokers }) => brokers.map((broker) => broker.port))) {
    if (port === 0) continue;
    const listener = await nodePlatform.network.listen({ host: HOST, port }, (socket) => socket.destroy());
    await listener.close();
  }
}

function runningCluster({ name, site }: LocalClusterPlan, cluster: KafkaCluster): RunningCluster {
  const bootstrap = cluster.bootstrap();
  const brokers = bootstrap.split(',').map((address, index) => ({
    nodeId: cluster.brokers[index]?.nodeId ?? index + 1,
    host: HOST,
    port: Number(address.slice(address.lastIndexOf(':') + 1)),
  }));
  const { clusterId } = cluster;
  return { name, site, clusterId, bootstrap, brokers, listeners: { PLAINTEXT: bootstrap }, client: { bootstrap } };
}
