import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { type Column, table } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import type { AnsweredSeries, HistogramSample, PrometheusAnswer } from '../metrics/ask-prometheus.ts';
import { serverOptions } from '../server/server-options.ts';

interface Row {
  readonly series: string;
  readonly time: number;
  readonly value: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'SERIES', cell: (row) => row.series, shrinks: true },
  { title: 'TIME', cell: (row) => new Date(row.time * 1000).toISOString() },
  { title: 'VALUE', cell: (row) => row.value },
];

export const metricsQuery = command({
  name: 'pipeline metrics query',
  summary: 'Ask metrics in PromQL, at a time or over one',
  description:
    'Asks the running platform. A time is a date, seconds since 1970, or how long ago (90m). With --from it answers ' +
    'a row for each step up to --to. With --json it prints the answer as the API of Prometheus has it.',
  operands: [{ name: 'EXPR', help: 'The expression, such as rate(http_requests_total[5m])' }],
  options: {
    time: text({ placeholder: 'T', help: 'When to look (default: now)' }),
    from: text({ placeholder: 'T', help: 'Look at each step from then on' }),
    to: text({ placeholder: 'T', help: 'Until then (default: now)' }),
    step: text({ placeholder: 'TIME', help: 'How far steps are apart, such as 30s (default: 1m)' }),
    ...serverOptions,
  },
  examples: [
    { command: "millrace metrics query 'up == 0'", does: 'What is down' },
    { command: "millrace metrics query 'sum(rate(x_total[5m]))' --from 1h --step 5m", does: 'The last hour' },
  ],
  async run({ options, operands, terminal }) {
    const [query] = operands as [string];
    const { time, from, to, step } = options;
    if (time !== undefined && from !== undefined) throw new UsageError('--time and --from exclude each other');
    if (from === undefined && (to !== undefined || step !== undefined))
      throw new UsageError('--to and --step go with --from');
    const { askPrometheus } = await import('../metrics/ask-prometheus.ts');
    const { parseMoment } = await import('../metrics/moment.ts');
    const { findServer } = await import('../server/find-server.ts');
    const moment = (value: string | undefined): string | undefined => value && parseMoment(value);
    // What can't be meant is told before anything is asked.
    const at = moment(time);
    const range = { start: moment(from), end: moment(to ?? '0s'), step: step ?? '60' };
    const server = await findServer(options);
    const answer =
      from === undefined
        ? await askPrometheus(server, 'query', { query, time: at }, terminal.signal)
        : await askPrometheus(server, 'query_range', { query, ...range }, terminal.signal);
    show(answer, terminal);
    return undefined;
  },
});

function show({ data, warnings = [], infos = [] }: PrometheusAnswer, terminal: Terminal): void {
  const { output } = terminal;
  if (terminal.json) {
    output.json({ ...data, ...(warnings.length > 0 && { warnings }), ...(infos.length > 0 && { infos }) });
    return;
  }
  for (const note of [...warnings, ...infos]) terminal.note(note);
  if (data.resultType === 'scalar' || data.resultType === 'string') {
    output.line(data.result[1]);
    return;
  }
  const rows = data.result.flatMap(rowsOf);
  if (rows.length === 0) terminal.note('No series has anything there.');
  else for (const line of table(rows, columns, output.columns)) output.line(line);
}

function rowsOf({ metric, value, values = [], histogram, histograms = [] }: AnsweredSeries): Row[] {
  const series = nameOf(metric);
  const numbers = [...(value === undefined ? [] : [value]), ...values];
  const others = [...(histogram === undefined ? [] : [histogram]), ...histograms];
  return [
    ...numbers.map(([time, text]): Row => ({ series, time, value: text })),
    ...others.map(([time, each]): Row => ({ series, time, value: histogramText(each) })),
  ].sort((a, b) => a.time - b.time);
}

function nameOf({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length === 0 && name !== '' ? name : `${name}{${pairs.join(', ')}}`;
}

function histogramText({ count, sum }: HistogramSample): string {
  return `count ${count}, sum ${sum}`;
}
