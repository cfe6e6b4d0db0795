import type { TrackingReport } from '@millrace/api';
import { MillraceError } from '@millrace/base';
import type { ImportReport } from '@millrace/pipelines';
import { command } from '../framework/command.ts';
import { Progress } from '../framework/progress.ts';
import { counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import { totalsText } from '../tracking/totals-text.ts';
import { trackingActions } from '../tracking/tracking-actions.ts';
import { openHome, runningPlatform } from '../tracking/tracking-home.ts';
import { type TrackingCall, trackingOptions } from '../tracking/tracking-options.ts';

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

const actionNames = ['tail', 'sessions', 'funnel', 'retention', 'live', 'bad', 'replay'] as const;

export const pipelineTracking = command({
  name: 'pipeline tracking',
  summary: 'Show what was tracked, ask about it, import an access log, or watch events pass',
  description:
    'Without more it shows the totals: page views, visits, visitors, sessions, pages, statuses. With --import it ' +
    'first feeds a log through the topic tracking.events; an import that was interrupted goes on where it was, and ' +
    'lines that are there already are not counted again. The words: `sessions` lists those of a site; `funnel` takes ' +
    'steps (paths of pages, names of events) and tells how many people did one after the other; `retention` tells ' +
    'how many come back; `live` shows the page views of the last minutes; `bad` lists what was sent and is no good ' +
    'event, with the reason; `replay` judges those once more and takes what is good now; `tail` prints events as ' +
    'they come.',
  operands: [
    { name: 'ACTION', help: `one of ${actionNames.join(', ')}; without it the totals`, optional: true },
    { name: 'STEP', help: 'of a funnel, in their order', optional: true, many: true },
  ],
  options: trackingOptions,
  examples: [
    { command: 'millrace pipeline tracking --import access.log', does: 'Import a log and show what it tells' },
    { command: 'millrace pipeline tracking --json', does: 'All totals of the running platform, for a script' },
    { command: 'millrace pipeline tracking sessions --site shop', does: 'The newest sessions of a site' },
    {
      command: 'millrace pipeline tracking funnel / /cart "Order Completed" --site shop',
      does: 'How many get how far',
    },
    { command: 'millrace pipeline tracking bad', does: 'What was refused, and why' },
    { command: 'millrace pipeline tracking tail', does: 'Watch events pass' },
  ],
  async run(call: TrackingCall) {
    const { options, operands, terminal } = call;
    const [word, ...steps] = operands;
    const action = actionNames.find((name) => name === word);
    if (word !== undefined && action === undefined) {
      throw new UsageError(`'${word}' is nothing that tracking does; it knows ${actionNames.join(', ')}`);
    }
    if (steps.length > 0 && action !== 'funnel') throw new UsageError(`${action} takes no further words`);
    if (action !== undefined && options.import !== undefined) {
      throw new UsageError(`${action} and --import exclude each other`);
    }
    if (action === 'tail') await tail(call);
    else if (action !== undefined) await trackingActions[action](call, steps);
    else if (options.import !== undefined) await importFile(call, options.import);
    else {
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
