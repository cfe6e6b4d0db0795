/**
 * Embedded clusters started and stopped as one: all of them run, or none.
 *
 * The broker is loaded when a fleet starts: commands that only look for a running one stay quick.
 */
import type { Platform } from '@millrace/base';
import type { BrokerEvent, ClientMetrics, Cluster, SecurityOptions } from '@millrace/broker';
import type { DataDirectory } from './data-directory.ts';
import type { LocalClusterPlan } from './local-clusters.ts';
import { fleetOf, type RunningCluster, type RunningFleet } from './running-fleet.ts';

export interface EmbeddedFleetOptions {
  /** Open, and kept open by the caller until the fleet is closed. */
  readonly dataDirectory: DataDirectory;
  readonly clusters: readonly LocalClusterPlan[];
  /** Interface to listen on; default `127.0.0.1`. */
  readonly host?: string | undefined;
  readonly platform?: Platform | undefined;
  /** Kafka's broker configuration names, for all clusters. */
  readonly configuration?: Readonly<Record<string, string>> | undefined;
  /** Users, and whether anonymous clients may come from other machines; for all clusters. */
  readonly security?: SecurityOptions | undefined;
  /** As `ClusterOptions.durable`: acknowledge what survives a loss of power. */
  readonly durable?: boolean | undefined;
  readonly report?: ((cluster: string, event: BrokerEvent) => void) | undefined;
  /** Where clients' metrics go (KIP-714); what it throws, the client is told of. */
  readonly telemetry?: ((cluster: string, report: ClientMetrics) => void) | undefined;
}

/** Starts the clusters. When one fails to start, those already started are stopped, and its error is thrown. */
export async function startEmbeddedFleet(options: EmbeddedFleetOptions): Promise<RunningFleet> {
  const started: Cluster[] = [];
  const clusters: RunningCluster[] = [];
  try {
    for (const plan of options.clusters) {
      const cluster = await start(plan, options);
      started.push(cluster);
      clusters.push(runningCluster(plan, cluster));
    }
  } catch (error) {
    // What the user must hear of is why it did not start, whatever else the clean-up finds.
    await Promise.allSettled(started.map((cluster) => cluster.close()));
    throw error;
  }
  return fleetOf(
    clusters,
    started.map((cluster) => () => cluster.close()),
  );
}

async function start({ name, site, brokers }: LocalClusterPlan, options: EmbeddedFleetOptions): Promise<Cluster> {
  const { startCluster } = await import('@millrace/broker');
  const { dataDirectory, report, telemetry, platform, configuration, security, durable } = options;
  return startCluster({
    name,
    dataDirectory: dataDirectory.clusterDirectory(name),
    host: options.host ?? '127.0.0.1',
    brokers: brokers.map((broker) => (site === undefined ? broker : { ...broker, rack: site })),
    ...(platform === undefined ? {} : { platform }),
    ...(configuration === undefined ? {} : { configuration }),
    durable,
    ...(security === undefined ? {} : { security }),
    ...(report === undefined ? {} : { report: (event) => report(name, event) }),
    ...(telemetry === undefined ? {} : { telemetry: (metrics) => telemetry(name, metrics) }),
  });
}

function runningCluster({ name, site }: LocalClusterPlan, cluster: Cluster): RunningCluster {
  const { clusterId, bootstrap, brokers, listeners } = cluster;
  return { name, site, clusterId, bootstrap, brokers, listeners, client: { bootstrap } };
}
