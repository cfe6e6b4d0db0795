/** Clusters and Connect clusters: addresses are some, settings exist. */
import type { Cluster, ConnectCluster } from '@millrace/api/declared';
import { nearest } from '@millrace/base';
import { configurationKeys } from '@millrace/client/java-configuration';
import type { Complain } from './finding.ts';

/** Settings of a cluster's clients; where to begin is the cluster's own field. */
export const clientKeys = configurationKeys.filter((key) => key !== 'bootstrap.servers');

export function checkCluster(cluster: Cluster, complain: Complain): void {
  for (const part of cluster.bootstrap.split(',')) {
    const problem = addressProblem(part);
    if (problem !== undefined) complain(['bootstrap'], problem);
  }
  if (cluster.twinOf === cluster.name) complain(['twinOf'], 'is the cluster itself');
  for (const key of Object.keys(cluster.client ?? {})) {
    if (clientKeys.includes(key)) continue;
    const meant = nearest(key, clientKeys);
    // Messages name the key and never the value, which may be a secret.
    complain(['client', key], `is not known here${meant === undefined ? '' : `; did you mean ${meant}?`}`);
  }
}

function addressProblem(part: string): string | undefined {
  const [, host = '', port] = /^\s*(\[[\da-fA-F:.%\w]+\]|[^\s/:[\]]+):(\d{1,5})\s*$/.exec(part) ?? [];
  const isOne = host !== '' && Number(port) >= 1 && Number(port) <= 65_535;
  return isOne ? undefined : `${JSON.stringify(part.trim())} is not HOST:PORT`;
}

export function checkConnect(connect: ConnectCluster, complain: Complain): void {
  const url = URL.canParse(connect.url) ? new URL(connect.url) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) complain(['url'], 'must be http://HOST:PORT or https://');
}
