/** The platform's first cluster, on which the pipelines live, unless options name another. */
import { resolve } from 'node:path';
import type { RunFile } from '@millrace/engines';
import type { Values } from '../framework/option.ts';
import type { clusterOptions } from './cluster-options.ts';
import { NotRunningError, type OpenCluster, openCluster } from './open-cluster.ts';

type Choice = Values<typeof clusterOptions>;

export async function openHome(options: Choice): Promise<OpenCluster> {
  const running = await runningPlatform(options);
  return openCluster(running === undefined ? options : { ...options, cluster: running.clusters[0]?.name });
}

/** What runs from the data directory, when the options name no cluster. @throws NotRunningError */
export async function runningPlatform(options: Choice): Promise<RunFile | undefined> {
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
