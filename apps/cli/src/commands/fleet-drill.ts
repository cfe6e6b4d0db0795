import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClosingStack, systemClock } from '@millrace/base';
import { differenceLines } from '../fleet/show-difference.ts';
import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { text } from '../framework/option.ts';
import { Progress } from '../framework/progress.ts';
import { count, counted } from '../framework/table.ts';
import { UsageError } from '../framework/usage-error.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

/** More replicas than that nobody declares. */
const BROKERS_MAX = 9;

export const fleetDrill = command({
  name: 'fleet drill',
  summary: 'Rebuild what is declared of a cluster on an empty one, and time it',
  description: `Starts an embedded cluster in a temporary folder, makes on it all topics, ACLs and quotas that are
    declared of the cluster, and compares. It shows that the record suffices to rebuild the cluster; records are not
    part of it. Nothing of the fleet is touched. The exit code is 3 when something is other than it is declared.`,
  operands: [],
  options: {
    cluster: text({ placeholder: 'NAME', help: 'The cluster to rebuild' }),
    file: text({ placeholder: 'FILE', help: 'From this fleet file, not from the record of a server' }),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace fleet drill --cluster east', does: 'From the record' },
    { command: 'millrace fleet drill --cluster east --file fleet.yaml', does: 'From a file, without a server' },
  ],
  async run({ options, terminal }) {
    if (options.cluster === undefined) throw new UsageError('name the cluster: --cluster NAME');
    const name = options.cluster;
    const { declaredFleetOf, drillCluster, fullLists, parseFleetFile, readFleetFile, recordAccess } = await import(
      '@millrace/fleet/declared'
    );
    const { exportDeclaredContract } = await import('@millrace/api/fleet');
    const { declared } =
      options.file === undefined
        ? parseFleetFile(
            (await callServer(options, exportDeclaredContract, { query: { of: 'record' } }, terminal)).file,
            'the record',
          )
        : await readFleetFile(options.file);
    const fleet = declaredFleetOf(fullLists(declared));
    if (fleet.get('cluster', name) === undefined) {
      const known = fleet.list('cluster').map(({ id }) => id);
      throw new UsageError(`there is no cluster ${name}; there are ${known.join(', ')}`);
    }
    const replicas = fleet.list('topic').map(({ spec }) => (spec.cluster === name ? (spec.replicas ?? 1) : 1));
    await using empty = await startEmpty(name, Math.min(BROKERS_MAX, Math.max(1, ...replicas)));
    const progress = new Progress(terminal, { label: `rebuilding ${name}`, unit: 'things' });
    const result = await drillCluster({
      fleet,
      cluster: name,
      client: empty.client,
      access: recordAccess,
      clock: systemClock,
      signal: terminal.signal,
      report: (_step, done, total) => progress.update(done, done / total),
    }).finally(() => progress.end());
    const { tookMs, made, differences, told } = result;
    const isSame = differences.length === 0;
    if (terminal.json) terminal.output.json({ cluster: name, same: isSame, ...result });
    else {
      for (const sentence of told) terminal.note(`note: ${sentence}`);
      for (const line of differenceLines(differences)) terminal.output.line(line);
      const things = [
        `${counted(made.topics, 'topic')} with ${counted(made.partitions, 'partition')}`,
        counted(made.acls, 'ACL'),
        counted(made.quotas, 'quota'),
      ].join(', ');
      const outcome = isSame ? 'all as declared' : `${counted(differences.length, 'difference')} left`;
      terminal.output.line(`Rebuilt ${name} in ${count(Math.round(tookMs))} ms: ${things}; ${outcome}.`);
    }
    return isSame ? undefined : exitCodes.differences;
  },
});

/** An embedded cluster that keeps ACLs, with a client of it; gone when it is disposed of. */
async function startEmpty(name: string, brokers: number) {
  const { openDataDirectory, startEmbeddedFleet } = await import('@millrace/engines/embedded');
  const { createClient } = await import('@millrace/client');
  const directory = await mkdtemp(join(tmpdir(), 'millrace-drill-'));
  await using stack = new ClosingStack();
  stack.use({ [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) });
  const dataDirectory = stack.use(
    await openDataDirectory(join(directory, 'data'), { purpose: 'millrace fleet drill' }),
  );
  const fleet = stack.use(
    await startEmbeddedFleet({
      dataDirectory,
      clusters: [{ name, brokers: Array.from({ length: brokers }, (_, index) => ({ nodeId: index + 1, port: 0 })) }],
      configuration: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    }),
  );
  const bootstrap = fleet.clusters[0]?.bootstrap ?? '';
  const client = stack.use(createClient({ clientId: 'millrace-drill', bootstrap }));
  const running = stack.move();
  return { client, [Symbol.asyncDispose]: () => running.close() };
}
