/** Where tracking is, by a command's options: the platform that runs, or any cluster that is named. */
import { resolve } from 'node:path';
import type { clusterOptions } from '../cluster/cluster-options.ts';
import { NotRunningError, type OpenCluster, openCluster } from '../cluster/open-cluster.ts';
import type { Values } from '../framework/option.ts';

export type HomeChoice = Values<typeof clusterOptions>;

/** Tracking lives on the platform's first cluster, unless another is named. */
export async function openHome(options: HomeChoice): Promise<OpenCluster> {
  const running = await runningPlatform(options);
  return openCluster(running === undefined ? options : { ...options, cluster: running.clusters[0]?.name });
}

/** What runs from the data directory, when the options name no cluster. */
export async function runningPlatform(options: HomeChoice) {
  const { bootstrap, clientConfig, cluster, dataDir } = options;
  if (bootstrap !== undefined || clientConfig !== undefined || cluster !== undefined) return undefined;
  const { findRunning } = await import('@millrace/engines');
  const running = await findRunning(dataDir);
  if (running !== undefined) return running;
  throw new NotRunningError(
    resolve(dataDir),
    'Start the platform with `millrace up`, or name any cluster with --bootstrap HOST:PORT.',
  );
}
