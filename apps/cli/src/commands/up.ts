import { resolve } from 'node:path';
import { announceReady } from '../announce-ready.ts';
import { dataDirectoryOption } from '../cluster/cluster-options.ts';
import { durableOption } from '../cluster/durable-option.ts';
import { openSystemOfRecord } from '../control/open-system-of-record.ts';
import { checkOpenHost, isLoopback, platformAccess } from '../control/platform-access.ts';
import { capturePlatform } from '../dbsync/capture-platform.ts';
import { command } from '../framework/command.ts';
import { choice, flag, integer, many, text, withDefault } from '../framework/option.ts';
import { printable } from '../framework/printable.ts';
import { UsageError } from '../framework/usage-error.ts';
import { checkFleetChoice, openFleet } from '../open-fleet.ts';
import { ownVersion } from '../own-version.ts';
import { withPortHint } from '../port-in-use.ts';
import { untilStopped } from '../until-stopped.ts';

const PORT_HINT =
  'Stop that program, or let `--port 0` choose free ports for everything (`--port N` moves only the HTTP ports).';

export const up = command({
  name: 'up',
  summary: 'Run the platform on this machine: clusters, pipelines, status page',
  description: `Starts the clusters east (127.0.0.1:9092-9094) and west (127.0.0.1:9192-9194), the status page and API
    on port N, the collectors on N+1, the schema registry on N+2 and west's on N+3, and runs until Ctrl-C. Everything is
    kept in the data directory and is there again at the next start. What is declared of the fleet lies in a PostgreSQL,
    which is started with the rest unless DATABASE_URL names one. The clusters are embedded ones or, with --engine
    kafka, Apache Kafka's: that needs Java 17 or newer, and Maven to fetch it once or KAFKA_HOME; each engine keeps its
    own data. With --fleet it starts no clusters, but works on those of the file, which run already. Tracking and
    schemas live on the first cluster.`,
  operands: [],
  options: {
    ...dataDirectoryOption,
    engine: choice({ help: 'What the clusters run on (default: embedded)' }, ['embedded', 'kafka']),
    fleet: text({ placeholder: 'FILE', help: 'Attach the clusters that this fleet file (YAML) names, and start none' }),
    port: withDefault(
      integer(
        {
          placeholder: 'N',
          help: 'Port of the status page, collectors and schema registries having the next ones; 0: free ports for all',
        },
        { min: 0, max: 65_500 },
      ),
      8800,
    ),
    ...durableOption,
    databaseUrl: text({
      placeholder: 'URL',
      help: 'The PostgreSQL to keep what is declared in (default: DATABASE_URL, else one that is started here)',
    }),
    listen: withDefault(
      text({ placeholder: 'HOST', help: 'Address of the HTTP servers; beyond this machine only with --access' }),
      '127.0.0.1',
    ),
    access: text({ placeholder: 'FILE', help: 'Who may call: administrators and the login provider (YAML)' }),
    metrics: text({
      placeholder: 'FILE',
      help: 'Rules and alerts, aggregation, and what to scrape: rule_files, rollups, scrape_configs (YAML)',
    }),
    logs: text({ placeholder: 'FILE', help: 'What is masked in logs, and how long lines are kept (YAML)' }),
    trackingOrigin: many(
      {
        placeholder: 'URL',
        help: 'Pages of this origin may send events; may be given more than once (default: all pages)',
      },
      origin,
    ),
    keepOperations: withDefault(
      integer({ placeholder: 'DAYS', help: 'How long operations that have ended are kept' }, { min: 1, max: 36_500 }),
      90,
    ),
    noDemo: flag({ help: 'Without the built-in demonstration' }),
  },
  examples: [
    { command: 'millrace up', does: 'On the usual ports, with its data in .millrace' },
    { command: 'millrace up --engine kafka', does: 'On a local Apache Kafka in place of the embedded clusters' },
    { command: 'millrace up --fleet fleet.yaml', does: 'On clusters that run already' },
    { command: 'millrace up --port 0 --data-dir /tmp/try --json', does: 'On free ports; one line of JSON tells them' },
  ],
  serves: true,
  async run({ options, terminal }) {
    const { listen: host, port } = options;
    checkOpenHost(host, options.access);
    checkFleetChoice(options);
    // Their clients need no authentication, so that they stay on this machine.
    const brokerHost = isLoopback(host) ? host : '127.0.0.1';
    const { openDataDirectory } = await import('@millrace/engines');
    const { ClientReports } = await import('@millrace/pipelines');
    const { startPlatform } = await import('../platform.ts');
    const purpose = 'millrace up';
    await using dataDirectory = await openDataDirectory(resolve(options.dataDir), { purpose });
    // What comes from outside can neither move the cursor nor look like a line of ours.
    const warn = (message: string): void => terminal.note(`warn: ${message.split('\n').map(printable).join('\n  ')}`);
    const clientReports = new ClientReports();
    const alert = (message: string): void => terminal.note(`alert: ${printable(message)}`);
    const settings = await settingsOf(options);
    const access = await platformAccess({ host, file: options.access }, dataDirectory);
    await using fleet = await withPortHint(
      openFleet(
        {
          ...{ ...options, host: brokerHost, freePorts: port === 0 },
          telemetry: (cluster, report) => clientReports.take(cluster, report),
        },
        dataDirectory,
        terminal,
      ),
      PORT_HINT,
    );
    await using systemOfRecord = await openSystemOfRecord({
      ...{ dataDirectory, warn, url: options.databaseUrl ?? process.env['DATABASE_URL'] },
      tell: (line) => terminal.note(line),
    });
    await using platform = await withPortHint(
      startPlatform({
        fleet,
        dataDirectory,
        database: systemOfRecord.database,
        access,
        host,
        brokerHost,
        port,
        demo: !options.noDemo,
        operationDays: options.keepOperations,
        ...settings,
        // Brokers of other kinds have no receiver of such reports that is ours.
        clientReports: options.engine === 'kafka' || options.fleet !== undefined ? undefined : clientReports,
        version: await ownVersion(),
        warn,
        alert,
      }),
      PORT_HINT,
    );
    await using _capture = await capturePlatform(fleet, systemOfRecord.captureUrl, warn);
    await announceReady(
      {
        purpose,
        url: platform.url,
        collectorUrl: platform.collectorUrl,
        registryUrl: platform.registryUrl,
        registryReplicas: platform.registryReplicas,
        token: access.token,
      },
      fleet,
      dataDirectory,
      terminal,
    );
    await untilStopped(terminal);
    terminal.note('Stopping.');
    return undefined;
  },
});

/** As browsers write it: `https://shop.example`. */
function origin(given: string): string {
  const { origin: read } = URL.canParse(given) ? new URL(given) : { origin: 'null' };
  if (read === 'null') throw new UsageError(`'${given}' is no origin: write https://shop.example`);
  return read;
}

/** What options and files say that set pipelines. */
async function settingsOf(options: {
  readonly metrics: string | undefined;
  readonly logs: string | undefined;
  readonly trackingOrigin: readonly string[];
}) {
  const { readLogSettings, readMetricsFile } = await import('@millrace/pipelines');
  return {
    metricsFile: options.metrics === undefined ? undefined : await readMetricsFile(options.metrics),
    logs: options.logs === undefined ? {} : await readLogSettings(options.logs),
    trackingOrigins: options.trackingOrigin.length === 0 ? undefined : options.trackingOrigin,
  };
}
