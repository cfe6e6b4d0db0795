/** Starts clusters, so that one which can't start leaves nothing open. */
import { Cluster } from './cluster.ts';
import type { ClusterOptions } from './cluster-options.ts';

/**
 * Starts a cluster: reads its directory, repairs what a crash left, and listens. Rejects with `ListenError`,
 * `DiskError`, `ClusterDirectoryError`, `ConfigurationError` or the journal's errors; nothing stays open then.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const cluster = new Cluster(options);
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}
