/**
 * Embedded clusters started and stopped as one: all of them run, or none.
 *
 * The broker is loaded when a fleet starts: commands that only look for a running one stay quick.
 */
import type { Platform } from '@millrace/base';
import type { BrokerEvent, Cluster, SecurityOptions } from '@millrace/broker';
import type { DataDirectory } from './data-directory.ts';

/** One embedded cluster to start. */
export interface EmbeddedClusterPlan {
  /** Letters, digits, `-` and `_`; also its folder's name. */
  readonly name: string;
  readonly site?: string | undefined;
  readonly brokers: readonly EmbeddedBrokerPlan[];
}

export interface EmbeddedBrokerPlan {
  readonly nodeId: number;
  /** 0 chooses a free port. */
  readonly port: number;
}

export interface EmbeddedFleetOptions {
  /** Open, and kept open by the caller until the fleet is closed. */
  readonly dataDirectory: DataDirectory;
  readonly clusters: readonly EmbeddedClusterPlan[];
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
}

/** Running embedded clusters. */
export interface EmbeddedFleet extends AsyncDisposable {
  /** In the order of the plan. */
  readonly clusters: readonly Cluster[];
  /** Stops all clusters cleanly; when some fail to, the others are still stopped. */
  close(): Promise<void>;
}

/** The default fleet: clusters `east` (9092-9094) and `west` (9192-9194), a site each, or all on free ports. */
export function defaultClusters(options: { readonly freePorts: boolean }): EmbeddedClusterPlan[] {
  const plan = (name: string, firstPort: number): EmbeddedClusterPlan => ({
    name,
    site: name,
    brokers: [0, 1, 2].map((index) => ({ nodeId: index + 1, port: options.freePorts ? 0 : firstPort + index })),
  });
  return [plan('east', 9092), plan('west', 9192)];
}

/** Starts the clusters. When one fails to start, those already started are stopped, and its error is thrown. */
export async function startEmbeddedFleet(options: EmbeddedFleetOptions): Promise<EmbeddedFleet> {
  const { startCluster } = await import('@millrace/broker');
  const { dataDirectory, report, platform, configuration, security, durable } = options;
  const clusters: Cluster[] = [];
  try {
    for (const { name, site, brokers } of options.clusters) {
      const cluster = await startCluster({
        name,
        dataDirectory: dataDirectory.clusterDirectory(name),
        host: options.host ?? '127.0.0.1',
        brokers: brokers.map((broker) => (site === undefined ? broker : { ...broker, rack: site })),
        ...(platform === undefined ? {} : { platform }),
        ...(configuration === undefined ? {} : { configuration }),
        durable,
        ...(security === undefined ? {} : { security }),
        ...(report === undefined ? {} : { report: (event) => report(name, event) }),
      });
      clusters.push(cluster);
    }
  } catch (error) {
    // What the user must hear of is why it did not start, whatever else the clean-up finds.
    await Promise.allSettled(clusters.map((cluster) => cluster.close()));
    throw error;
  }
  const close = (): Promise<void> => closeAll(clusters);
  return { clusters, close, [Symbol.asyncDispose]: close };
}

async function closeAll(clusters: readonly Cluster[]): Promise<void> {
  const outcomes = await Promise.allSettled(clusters.map((cluster) => cluster.close()));
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length > 0) throw failures[0];
}
