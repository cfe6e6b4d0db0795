import { resolve } from 'node:path';
import { announceReady } from '../announce-ready.ts';
import { brokerConfiguration, brokerSecurityOptions, scramUsers } from '../cluster/broker-security.ts';
import { dataDirectoryOption } from '../cluster/cluster-options.ts';
import { settingsOption } from '../cluster/configuration-option.ts';
import { durableOption } from '../cluster/durable-option.ts';
import { brokerEvents } from '../event-lines.ts';
import { command } from '../framework/command.ts';
import { integer, text, withDefault } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import { withPortHint } from '../port-in-use.ts';
import { untilStopped } from '../until-stopped.ts';

const PORT_MAX = 65_535;

export const broker = command({
  name: 'broker',
  summary: 'Run an embedded Kafka-compatible broker alone',
  description: `One cluster in this process, on disk, for any Kafka client on this machine. It keeps one copy of each
    record, whatever the number of brokers: for development, tests and edge sites, not in place of a Kafka
    cluster.`,
  operands: [],
  options: {
    port: withDefault(
      integer(
        { placeholder: 'N', help: "The first broker's port, the others having those after it; 0: free ones" },
        { min: 0, max: PORT_MAX },
      ),
      9092,
    ),
    brokers: withDefault(
      integer({ placeholder: 'N', help: 'How many brokers the cluster shows' }, { min: 1, max: 100 }),
      1,
    ),
    name: withDefault(text({ placeholder: 'NAME', help: 'Name of the cluster' }), 'local'),
    config: settingsOption("A broker configuration by Kafka's name, such as num.partitions=3"),
    ...brokerSecurityOptions,
    ...durableOption,
    ...dataDirectoryOption,
  },
  examples: [
    { command: 'millrace broker', does: 'On 127.0.0.1:9092, with its data in .millrace' },
    {
      command:
        'millrace broker --listener SASL_PLAINTEXT://127.0.0.1:9092 ' +
        "--add-scram 'SCRAM-SHA-512=[name=me,password=x]'",
      does: 'For those who log in',
    },
    {
      command: 'millrace broker --port 0 --data-dir /tmp/kafka --json',
      does: 'For a test: free ports, one ready line with them',
    },
  ],
  serves: true,
  async run({ options, terminal }) {
    const { port, brokers, name } = options;
    if (port > 0 && port + brokers - 1 > PORT_MAX) {
      throw new UsageError(`--port ${port} with ${brokers} brokers goes beyond port ${PORT_MAX}`);
    }
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(name)) {
      throw new UsageError(`--name: '${name}' is not made of letters, digits, - and _`);
    }
    const { openDataDirectory, startEmbeddedFleet } = await import('@millrace/engines/embedded');
    const purpose = 'millrace broker';
    await using dataDirectory = await openDataDirectory(resolve(options.dataDir), { purpose });
    await using fleet = await withPortHint(
      startEmbeddedFleet({
        dataDirectory,
        clusters: [
          {
            name,
            brokers: Array.from({ length: brokers }, (_, index) => ({ nodeId: index + 1, port: port && port + index })),
          },
        ],
        configuration: await brokerConfiguration(options.configFile, options.config, options.listener),
        security: { scramUsers: await scramUsers(options.addScram), allowAnonymous: options.allowAnonymous },
        durable: options.durable,
        report: brokerEvents(terminal),
      }),
      'Stop that program, give another port with --port N, or let `--port 0` choose free ones.',
    );
    await announceReady({ purpose, url: null, collectorUrl: null }, fleet, dataDirectory, terminal);
    await untilStopped(terminal);
    return undefined;
  },
});
