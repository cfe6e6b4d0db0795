import { resolve } from 'node:path';
import type { TrackingReport } from '@millrace/api';
import { MillraceError } from '@millrace/base';
import type { ImportReport } from '@millrace/pipelines';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { NotRunningError, type OpenCluster, openCluster } from '../cluster/open-cluster.ts';
import { type Call, command } from '../framework/command.ts';
import { integer, text, withDefault } from '../framework/option.ts';
import { Progress } from '../framework/progress.ts';
import { counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import { totalsText } from '../tracking/totals-text.ts';

const trackingOptions = {
  import: text({ placeholder: 'FILE', help: 'Import an access log in the combined format, plain or gzip' }),
  site: text({
    placeholder: 'NAME',
    help: "Count only this site; with --import, the log's (default: the file's name)",
  }),
  pages: withDefault(integer({ placeholder: 'N', help: 'How many pages to list' }, { min: 0, max: 10_000 }), 20),
  ...clusterOptions,
} as const;

type TrackingCall = Call<typeof trackingOptions>;

/** A log ends in the middle of something. What there was of it has been imported. */
class CutLogError extends MillraceError {
  readonly code = 'log_cut';
  readonly file: string;

  constructor({ file, cut, sent, alreadyThere }: ImportReport) {
    super(`${file} was cut: ${cut}; ${counted(sent + alreadyThere, 'whole line')} before that are imported`, {
      hint: 'Import the whole file when you have it: lines that are there already are not counted again.',
    });
    this.file = file;
  }
}

export const pipelineTracking = command({
  name: 'pipeline tracking',
  summary: 'Show what was tracked, import an access log, or watch events pass',
  description:
    'Without more it shows the totals: page views, visits, visitors, sessions, pages, statuses. With --import it ' +
    'first feeds a log through the topic tracking.events; an import that was interrupted goes on where it was, and ' +
    'lines that are there already are not counted again. With the word tail it prints events as they come.',
  operands: [{ name: 'tail', help: 'The word `tail`: print events as they come', optional: true }],
  options: trackingOptions,
  examples: [
    { command: 'millrace pipeline tracking --import access.log', does: 'Import a log and show what it tells' },
    { command: 'millrace pipeline tracking --json', does: 'All totals of the running platform, for a script' },
    { command: 'millrace pipeline tracking tail', does: 'Watch events pass' },
  ],
  async run(call: TrackingCall) {
    const { options, operands, terminal } = call;
    const [action] = operands;
    if (action !== undefined && action !== 'tail') {
      throw new UsageError(`'${action}' is nothing that tracking does; it knows tail`);
    }
    if (action === 'tail') {
      if (options.import !== undefined) throw new UsageError('tail and --import exclude each other');
      await tail(call);
    } else if (options.import !== undefined) {
      await importFile(call, options.import);
    } else {
      const report = await totals(call);
      if (terminal.json) terminal.output.json(report);
      else print(totalsText(report.totals, terminal.output.columns), terminal);
    }
    return undefined;
  },
});

/** The running platform knows its totals; of any other cluster the topic is counted here. */
async function totals(call: TrackingCall): Promise<TrackingReport> {
  const { options, terminal } = call;
  const { site, pages } = options;
  const running = await runningPlatform(options);
  if (running !== undefined && running.url !== null) {
    const { callContract, trackingTotalsContract } = await import('@millrace/api');
    return callContract(running.url, trackingTotalsContract, { query: { site, pages } }, { signal: terminal.signal });
  }
  await using cluster = await openHome(options);
  const { readTotals } = await import('@millrace/pipelines');
  const progress = new Progress(terminal, { label: 'counting', unit: 'records' });
  const onProgress = (read: { done: number; total: number }): void =>
    progress.update(read.done, read.done / read.total);
  try {
    return await readTotals({ client: cluster.client, site, pages, signal: terminal.signal, onProgress });
  } finally {
    progress.end();
  }
}

async function importFile({ options, terminal }: TrackingCall, file: string): Promise<void> {
  const { importLog } = await import('@millrace/pipelines');
  await using cluster = await openHome(options);
  const { signal } = terminal;
  const { site, pages } = options;
  let progress: { readonly step: string; readonly bar: Progress } | undefined;
  const report = await importLog({
    client: cluster.client,
    file,
    site,
    pages,
    signal,
    onProgress: ({ step, done, part }) => {
      if (progress?.step !== step) {
        progress?.bar.end();
        const label = step === 'importing' ? `importing ${file}` : step;
        progress = { step, bar: new Progress(terminal, { label, unit: step === 'importing' ? 'lines' : 'records' }) };
      }
      progress.bar.update(done, part);
    },
  }).finally(() => progress?.bar.end());
  tellMalformed(report, terminal);
  if (terminal.json) {
    terminal.output.json(report);
  } else {
    const there = report.alreadyThere > 0 ? `, ${counted(report.alreadyThere, 'line')} were there already` : '';
    print([`${report.file}: ${counted(report.sent, 'line')} imported${there}.`, ''], terminal);
    print(totalsText(report.totals, terminal.output.columns), terminal);
  }
  if (report.cut === null) return;
  await terminal.output.flush();
  throw new CutLogError(report);
}

function tellMalformed({ file, malformed, firstMalformed }: ImportReport, terminal: Terminal): void {
  if (malformed === 0) return;
  const are = malformed === 1 ? 'is' : 'are';
  terminal.note(`${file}: ${counted(malformed, 'line')} ${are} malformed and left out:`);
  for (const { line, reason } of firstMalformed) terminal.note(`  line ${line}: ${reason}`);
  if (malformed > firstMalformed.length) terminal.note(`  and ${malformed - firstMalformed.length} more`);
}

async function tail({ options, terminal }: TrackingCall): Promise<void> {
  const { trackingEvents } = await import('@millrace/pipelines');
  const { eventLine } = await import('../tracking/event-line.ts');
  await using cluster = await openHome(options);
  const topics = [trackingEvents] as const;
  await using consumer = cluster.client.consumer({ topics, from: 'latest', ...cluster.configuration.consumer });
  if (terminal.shows && terminal.output.isTerminal) terminal.note(`Watching ${cluster.name}. Ctrl-C stops.`);
  for await (const batch of consumer.batches({ signal: terminal.signal })) {
    for (const { value: event } of batch) {
      if ('unreadable' in event || (options.site !== undefined && event.site !== options.site)) continue;
      if (terminal.json) terminal.output.json(event);
      else terminal.output.line(eventLine(event));
    }
    await terminal.output.flush();
  }
}

function print(lines: readonly string[], { output }: Terminal): void {
  for (const line of lines) output.line(line);
}

type Choice = TrackingCall['options'];

/** Tracking lives on the platform's first cluster, unless another is named. */
async function openHome(options: Choice): Promise<OpenCluster> {
  const running = await runningPlatform(options);
  return openCluster(running === undefined ? options : { ...options, cluster: running.clusters[0]?.name });
}

/** What runs from the data directory, when the options name no cluster. */
async function runningPlatform(options: Choice) {
  const { bootstrap, clientConfig, cluster, dataDir } = options;
  if (bootstrap !== undefined || clientConfig !== undefined || cluster !== undefined) return undefined;
  const { findRunning } = await import('@millrace/engines');
  const running = await findRunning(dataDir);
  if (running !== undefined) return running;
  throw new NotRunningError(
    resolve(dataDir),
    'Start the platform with `millrace up`, or name any cluster with --bootstrap HOST:PORT.',
  );
}
