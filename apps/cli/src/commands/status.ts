import { resolve } from 'node:path';
import { messageOf } from '@millrace/base';
import type { RunCluster, RunFile } from '@millrace/engines';
import { dataDirectoryOption } from '../cluster/cluster-options.ts';
import { NotRunningError, openCluster } from '../cluster/open-cluster.ts';
import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { type Column, table } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';

const ANSWER_MS_MAX = 5_000;

export const status = command({
  name: 'status',
  summary: 'Show what runs and how it is',
  description: 'Asks every part whether it works. Exits with 1 when nothing runs or a part does not answer.',
  operands: [],
  options: dataDirectoryOption,
  examples: [{ command: 'millrace status --json', does: 'For a script' }],
  async run({ options, terminal }) {
    const { findRunning } = await import('@millrace/engines');
    const running = await findRunning(options.dataDir);
    if (running === undefined) throw new NotRunningError(resolve(options.dataDir), 'Start it with `millrace up`.');
    const [clusters, control, collector, registry] = await Promise.all([
      Promise.all(running.clusters.map((cluster) => inspect(cluster, options.dataDir, terminal))),
      probe(running.url, terminal),
      probe(running.collectorUrl, terminal),
      probe(running.registryUrl ?? null, terminal),
    ]);
    const healthy = [...clusters, control, collector, registry].every(({ problem }) => problem === null);
    const { pid, purpose, startedAt, url, collectorUrl, registryUrl = null } = running;
    if (terminal.json) {
      terminal.output.json({
        running: true,
        healthy,
        purpose,
        pid,
        startedAt,
        control: { url, ...control },
        collector: { url: collectorUrl, ...collector },
        registry: { url: registryUrl, ...registry },
        clusters,
      });
    } else {
      print(running, { clusters, control, collector, registry }, terminal);
    }
    return healthy ? undefined : exitCodes.failed;
  },
});

interface ClusterStatus extends Omit<RunCluster, 'settings'> {
  readonly topics: number | null;
  readonly partitions: number | null;
  readonly groups: number | null;
  /** Why it does not answer; null when it does. */
  readonly problem: string | null;
}

async function inspect(cluster: RunCluster, dataDir: string, terminal: Terminal): Promise<ClusterStatus> {
  const { settings, ...shown } = cluster;
  const call = { signal: terminal.signal, timeoutMs: ANSWER_MS_MAX };
  try {
    await using open = await openCluster({
      cluster: cluster.name,
      dataDir,
      bootstrap: undefined,
      clientConfig: undefined,
    });
    const [{ clusterId, brokers }, topics, groups] = await Promise.all([
      open.admin.describeCluster(call),
      open.admin.listTopics(call),
      open.admin.listGroups(call),
    ]);
    const partitions = topics.reduce((sum, { partitionCount }) => sum + partitionCount, 0);
    return {
      ...shown,
      clusterId,
      brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
      topics: topics.length,
      partitions,
      groups: groups.length,
      problem: null,
    };
  } catch (error) {
    terminal.signal.throwIfAborted();
    return { ...shown, topics: null, partitions: null, groups: null, problem: messageOf(error) };
  }
}

/** Asks an HTTP server whether everything it needs is there. */
async function probe(url: string | null, { signal }: Terminal): Promise<{ readonly problem: string | null }> {
  if (url === null) return { problem: null };
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]);
    const response = await fetch(`${url}/readyz`, { signal: limit });
    const body = (await response.json()) as { readonly detail?: unknown };
    return { problem: response.ok ? null : String(body.detail ?? `answered ${response.status}`) };
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return { problem: messageOf(cause) };
  }
}

interface Parts {
  readonly clusters: readonly ClusterStatus[];
  readonly control: { readonly problem: string | null };
  readonly collector: { readonly problem: string | null };
  readonly registry: { readonly problem: string | null };
}

function print(running: RunFile, parts: Parts, { output }: Terminal): void {
  const { purpose, pid, startedAt, url, collectorUrl, registryUrl = null } = running;
  output.line(`\`${purpose}\` runs as process ${pid} since ${startedAt}.\n`);
  const state = ({ problem }: { readonly problem: string | null }): string => problem ?? 'ok';
  if (url !== null) output.line(`  Status page      ${url}  ${state(parts.control)}`);
  if (collectorUrl !== null) output.line(`  Collector        ${collectorUrl}/t  ${state(parts.collector)}`);
  if (registryUrl !== null) output.line(`  Schema registry  ${registryUrl}  ${state(parts.registry)}`);
  if (url !== null) output.line('');
  const columns: Column<ClusterStatus>[] = [
    { title: 'CLUSTER', cell: (row) => row.name },
    { title: 'STATE', cell: state, shrinks: true },
    { title: 'BROKERS', cell: (row) => row.brokers.length },
    { title: 'TOPICS', cell: (row) => row.topics },
    { title: 'PARTITIONS', cell: (row) => row.partitions },
    { title: 'GROUPS', cell: (row) => row.groups },
    { title: 'BOOTSTRAP', cell: (row) => row.bootstrap, shrinks: true },
  ];
  for (const line of table(parts.clusters, columns, output.columns)) output.line(line);
}
