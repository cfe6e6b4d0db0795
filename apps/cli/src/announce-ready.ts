/** What `up` and `broker` tell when they are ready: other processes through the data directory, people on stdout. */
import { resolve } from 'node:path';
import type { DataDirectory, RunAddresses, RunningCluster, RunningFleet } from '@millrace/engines';
import { defaultDataDirectory } from './cluster/cluster-options.ts';
import type { Terminal } from './framework/terminal.ts';

/** Announces where the fleet and the HTTP servers answer, and prints it: one line of JSON, or a list for people. */
export async function announceReady(
  served: Pick<RunAddresses, 'purpose' | 'url' | 'collectorUrl' | 'registryUrl' | 'registryReplicas' | 'token'>,
  fleet: RunningFleet,
  dataDirectory: DataDirectory,
  terminal: Terminal,
): Promise<void> {
  const addresses: RunAddresses = {
    ...served,
    startedAt: new Date().toISOString(),
    clusters: fleet.clusters.map(({ client, problem, listeners, ...cluster }) => ({
      ...cluster,
      ...(Object.keys(listeners).length > 1 && { listeners }),
    })),
  };
  await dataDirectory.announce(addresses);
  printReady(addresses, fleet, dataDirectory.path, terminal);
  await terminal.output.flush();
}

function printReady(addresses: RunAddresses, fleet: RunningFleet, dataDirectory: string, terminal: Terminal): void {
  const { output } = terminal;
  const { url, collectorUrl, registryUrl = null, registryReplicas = [], startedAt } = addresses;
  if (terminal.json) {
    const clusters = addresses.clusters.map(({ settings, ...cluster }, index) => {
      return { ...cluster, problem: fleet.clusters[index]?.problem ?? null };
    });
    const urls = { url, collectorUrl, registryUrl, registryReplicas };
    output.json({ ready: true, pid: process.pid, startedAt, dataDirectory, ...urls, clusters });
    return;
  }
  const rows: [string, string][] = [
    ...(url === null ? [] : [['Status page', url] as [string, string]]),
    ...(collectorUrl === null ? [] : [['Collector', `${collectorUrl}/t`] as [string, string]]),
    ...(registryUrl === null ? [] : [['Schema registry', registryUrl] as [string, string]]),
    ...registryReplicas.map((each): [string, string] => [`Schemas of ${each.cluster}`, each.url]),
    ...fleet.clusters.flatMap(clusterRows),
    ['Data', dataDirectory],
  ];
  const widest = Math.max(...rows.map(([name]) => name.length));
  output.line(`\`${addresses.purpose}\` is ready.\n`);
  for (const [name, value] of rows) output.line(`  ${name.padEnd(widest)}  ${value}`);
  output.line(`\nTry \`${tryNext(dataDirectory)}\` in another terminal. Ctrl-C stops it.`);
}

function clusterRows({ name, bootstrap, listeners, problem }: RunningCluster): [string, string][] {
  if (problem !== undefined) return [[`Cluster ${name}`, `${bootstrap} (not reachable yet)`]];
  const entries = Object.entries(listeners);
  if (entries.length === 1) return [[`Cluster ${name}`, bootstrap]];
  return entries.map(([listener, at]) => [`Cluster ${name}, ${listener}`, at]);
}

/** A command that works as it stands in the folder where this one runs. */
function tryNext(dataDirectory: string): string {
  // In a clone the sources run, and nothing named `millrace` is on the PATH.
  const program = import.meta.url.endsWith('.ts') ? 'npx millrace' : 'millrace';
  const where = dataDirectory === resolve(defaultDataDirectory) ? '' : ` --data-dir ${dataDirectory}`;
  return `${program} topic list${where}`;
}
