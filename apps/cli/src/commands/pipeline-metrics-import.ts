import { clusterOptions } from '../cluster/cluster-options.ts';
import { command } from '../framework/command.ts';
import { many, text } from '../framework/option.ts';
import { Progress } from '../framework/progress.ts';
import { counted } from '../framework/table.ts';
import { UsageError } from '../framework/usage-error.ts';
import { openHome } from '../tracking/tracking-home.ts';

export const metricsImport = command({
  name: 'pipeline metrics import',
  summary: "Import a file of metrics: OTLP in JSON, Prometheus's text, OpenMetrics, or CSV",
  description:
    'Sends the points of FILE through the topic metrics.samples. OTLP is a document, or one a line; OpenMetrics ends ' +
    "with # EOF and has times in seconds, Prometheus's text has them in milliseconds, and samples without one are of " +
    'now; CSV has a time and a value a line. What is imported twice is there once.',
  operands: [{ name: 'FILE', help: 'The file' }],
  options: {
    name: text({ placeholder: 'METRIC', help: "Of a CSV file: the metric's name (default: the file's name)" }),
    label: many(
      { placeholder: 'NAME=VALUE', help: 'Of a CSV file: a label of the series; more than once' },
      (given) => {
        const [, name, value] = /^([a-zA-Z_]\w*)=(.*)$/.exec(given) ?? [];
        if (name === undefined) throw new UsageError(`'${given}' is no label: write NAME=VALUE`);
        return [name, value as string] as const;
      },
    ),
    ...clusterOptions,
  },
  examples: [
    { command: 'millrace metrics import metrics.json', does: 'Points as OpenTelemetry writes them' },
    { command: 'millrace metrics import backup.om', does: 'Series as Prometheus and its tools export them' },
    { command: 'millrace metrics import cpu.csv --name cpu_percent --label host=h1', does: 'One series' },
  ],
  async run({ options, operands, terminal }) {
    const [file] = operands as [string];
    const { importMetrics } = await import('@millrace/pipelines');
    await using cluster = await openHome(options);
    const progress = new Progress(terminal, { label: `importing ${file}`, unit: 'points' });
    const report = await importMetrics({
      ...{ client: cluster.client, file, name: options.name, labels: Object.fromEntries(options.label) },
      signal: terminal.signal,
      onProgress: (points) => progress.update(points),
    }).finally(() => progress.end());
    if (terminal.json) terminal.output.json(report);
    else terminal.output.line(`${file}: ${counted(report.points, 'point')} imported.`);
    if (report.rejected !== null) {
      terminal.note(`${counted(report.rejected.count, 'point')} not taken: ${report.rejected.message}`);
    }
    return undefined;
  },
});
