import { resolve } from 'node:path';
import { ClosingStack } from '@millrace/base';
import type { Sidecar } from '@millrace/resilient/sidecar';
import { clientEvents } from '../event-lines.ts';
import { command } from '../framework/command.ts';
import { integer, many, text, withDefault } from '../framework/option.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import { withPortHint } from '../port-in-use.ts';
import { untilStopped } from '../until-stopped.ts';

const portMax = 65_535;
const connectionsMaxMax = 100_000;

export const configSidecar = command({
  name: 'config sidecar',
  summary: 'Let programs that only know an address and a secret reach their topics',
  description: `Listens on 127.0.0.1, speaks Kafka's protocol, and passes what programs ask to the cluster that the
    config service names for the topics, logged in as the application. Programs log in to it with SASL_PLAINTEXT and
    PLAIN: the application's name, and a secret that lies in DIR/sidecar beside ready files for Java and librdkafka.
    Brokers, settings and credentials change behind it. When the topics go to another cluster the secret changes, and
    programs are started anew with the new one.`,
  operands: [],
  options: {
    enrolment: text({ placeholder: 'FILE', help: 'As which application: the file that `config enrol` wrote' }),
    directory: text({ placeholder: 'DIR', help: 'Where it keeps its key and what it was told; of its own' }),
    produce: many({ placeholder: 'TOPIC', help: 'A topic that programs write to' }, String),
    consume: many({ placeholder: 'TOPIC', help: 'A topic that programs read' }, String),
    port: withDefault(
      integer({ placeholder: 'N', help: 'Its port, for bootstrap.servers; 0: a free one' }, { min: 0, max: portMax }),
      9292,
    ),
    site: text({ placeholder: 'NAME', help: 'Where it runs' }),
    maxConnections: withDefault(
      integer({ placeholder: 'N', help: 'Connections of programs at once' }, { min: 1, max: connectionsMaxMax }),
      1000,
    ),
    metrics: integer(
      { placeholder: 'PORT', help: 'Serve its figures to Prometheus: /metrics on 127.0.0.1; 0 for a free port' },
      { min: 0, max: portMax },
    ),
  },
  examples: [
    {
      command: 'millrace config sidecar --enrolment shop.json --directory /var/lib/shop --produce orders',
      does: 'For programs of shop that write orders',
    },
    {
      command: 'kcat -F /var/lib/shop/sidecar/producer-orders.librdkafka -P -t orders',
      does: 'One of them',
    },
  ],
  serves: true,
  async run({ options, terminal }) {
    const { enrolment, directory, produce, consume, port, site, maxConnections: connectionsMax } = options;
    if (enrolment === undefined) throw new UsageError('--enrolment: name the file that `millrace config enrol` wrote');
    if (directory === undefined) throw new UsageError('--directory: name a directory for this sidecar alone');
    const wants = [
      ...produce.map((topic) => ({ topic, role: 'producer' }) as const),
      ...consume.map((topic) => ({ topic, role: 'consumer' }) as const),
    ];
    if (wants.length === 0) throw new UsageError('name a topic that programs use, with --produce or --consume');
    const { startSidecar } = await import('@millrace/resilient/sidecar');
    const given = { enrolment, directory: resolve(directory), wants, port, site, connectionsMax };
    await using sidecar = await withPortHint(
      startSidecar({ ...given, report: clientEvents(terminal) }),
      'Stop that program, give another port with --port N, or let `--port 0` choose a free one.',
    );
    await using parts = new ClosingStack();
    const metrics = options.metrics === undefined ? undefined : await servedMetrics(sidecar, options.metrics, parts);
    printReady(sidecar, metrics, terminal);
    await terminal.output.flush();
    await untilStopped(terminal);
    return undefined;
  },
});

async function servedMetrics(sidecar: Sidecar, port: number, parts: ClosingStack): Promise<string> {
  const { serveMetrics } = await import('../serve-metrics.ts');
  const { metricsContentType: contentType } = await import('@millrace/resilient');
  return `${parts.use(await serveMetrics({ contentType, body: () => sidecar.metrics() }, port)).url}/metrics`;
}

function printReady(sidecar: Sidecar, metrics: string | undefined, { json, output }: Terminal): void {
  const { bootstrap, programDirectory } = sidecar;
  const { application, cluster } = sidecar.status();
  if (json) {
    output.json({ ready: true, pid: process.pid, bootstrap, programDirectory, application, cluster, metrics });
    return;
  }
  output.line(`Programs of ${application} reach cluster ${cluster.name} at ${bootstrap}.`);
  output.line(`Their files are in ${programDirectory}. Ctrl-C stops it.`);
  if (metrics !== undefined) output.line(`Figures for Prometheus: ${metrics}`);
}
