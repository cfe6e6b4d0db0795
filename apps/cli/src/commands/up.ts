import { isIPv4 } from 'node:net';
import { resolve } from 'node:path';
import { announceReady } from '../announce-ready.ts';
import { dataDirectoryOption } from '../cluster/cluster-options.ts';
import { durableOption } from '../cluster/durable-option.ts';
import { brokerEvents } from '../event-lines.ts';
import { command } from '../framework/command.ts';
import { flag, integer, text, withDefault } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import { ownVersion } from '../own-version.ts';
import { withPortHint } from '../port-in-use.ts';
import { untilStopped } from '../until-stopped.ts';

const PORT_HINT =
  'Stop that program, or let `--port 0` choose free ports for everything (`--port N` moves only the HTTP ports).';

export const up = command({
  name: 'up',
  summary: 'Run the platform on this machine: embedded clusters, pipelines, status page',
  description: `Starts the clusters east (127.0.0.1:9092-9094) and west (127.0.0.1:9192-9194), the status page and API
    on port N and the collectors on N+1, and runs until Ctrl-C. Everything is kept in the data directory and is
    there again at the next start.`,
  operands: [],
  options: {
    ...dataDirectoryOption,
    port: withDefault(
      integer(
        {
          placeholder: 'N',
          help: 'Port of the status page, the collectors having the next one; 0: free ports for all',
        },
        { min: 0, max: 65_534 },
      ),
      8800,
    ),
    ...durableOption,
    listen: withDefault(text({ placeholder: 'HOST', help: 'Address to listen on' }), '127.0.0.1'),
    noDemo: flag({ help: 'Without the built-in demonstration' }),
  },
  examples: [
    { command: 'millrace up', does: 'On the usual ports, with its data in .millrace' },
    { command: 'millrace up --port 0 --data-dir /tmp/try --json', does: 'On free ports; one line of JSON tells them' },
  ],
  serves: true,
  async run({ options, terminal }) {
    const { listen: host, port } = options;
    refuseOpenHost(host);
    const { defaultClusters, openDataDirectory, startEmbeddedFleet } = await import('@millrace/engines');
    const { startPlatform } = await import('../platform.ts');
    const purpose = 'millrace up';
    await using dataDirectory = await openDataDirectory(resolve(options.dataDir), { purpose });
    const clusters = defaultClusters({ freePorts: port === 0 });
    await using fleet = await withPortHint(
      startEmbeddedFleet({ dataDirectory, clusters, host, durable: options.durable, report: brokerEvents(terminal) }),
      PORT_HINT,
    );
    await using platform = await withPortHint(
      startPlatform({
        fleet,
        host,
        port,
        demo: !options.noDemo,
        version: await ownVersion(),
        warn: (message) => terminal.note(`warn: ${message}`),
      }),
      PORT_HINT,
    );
    await announceReady(
      { purpose, url: platform.url, collectorUrl: platform.collectorUrl },
      fleet,
      dataDirectory,
      terminal,
    );
    await untilStopped(terminal);
    terminal.note('Stopping.');
    return undefined;
  },
});

/** Beyond loopback everybody on the network could read and change everything. */
function refuseOpenHost(host: string): void {
  if (host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))) return;
  throw new UsageError(`--listen ${host} would open the platform to the network, and no authentication is configured`, {
    hint: 'Listen on a loopback address (127.0.0.1, ::1), and reach it from elsewhere through a tunnel.',
  });
}
