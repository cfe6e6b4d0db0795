import { ClosingStack } from '@millrace/base';
import type { Mirror } from '@millrace/mirror';
import { command } from '../framework/command.ts';
import { choice, flag, integer, many, text, withDefault } from '../framework/option.ts';
import { counted } from '../framework/table.ts';
import { UsageError } from '../framework/usage-error.ts';
import { mirrorTotals, namesAndPatterns, namesIn } from '../mirror/mirror-choice.ts';
import { findSides, localOption, mirrorOptions } from '../mirror/mirror-sides.ts';
import { promiseOf, promiseOptions } from '../mirror/promise-options.ts';
import { speedOf, speedOptions } from '../mirror/speed-options.ts';
import { announceMirror, watchMirror } from '../mirror/watch-mirror.ts';

export const mirrorRun = command({
  name: 'mirror run',
  summary: 'Run a worker of a mirror',
  description:
    'Copies topics from one cluster to another, record batch by record batch: every record once, in order, also for ' +
    'readers of uncommitted records, whatever is killed on the way. How far it is lies on the target, in the topic ' +
    'millrace.offsets.NAME: run it again, here or elsewhere, and it goes on with the next record.',
  operands: [],
  options: {
    topics: many({ placeholder: 'A,B', help: 'The topics to copy; /PATTERN/ for all whose name it matches' }, namesIn),
    worker: text({
      placeholder: 'NAME',
      help: 'What this worker is called, and no other: started again after a crash it goes on at once',
    }),
    from: withDefault(
      choice({ help: 'Where to begin with what was never copied' }, ['earliest', 'latest'] as const),
      'earliest',
    ),
    groups: many(
      { placeholder: 'A,B', help: 'The consumer groups whose offsets are carried over; likewise (default: all)' },
      namesIn,
    ),
    replication: integer(
      {
        placeholder: 'N',
        help: "Replicas of each topic that the mirror makes on the target (default: the target's default)",
      },
      { min: 1, max: 32_767 },
    ),
    ...promiseOptions,
    ...localOption,
    ...speedOptions,
    metrics: integer(
      {
        placeholder: 'PORT',
        help: "Serve this worker's figures to Prometheus: /metrics on 127.0.0.1; 0 for a free port",
      },
      { min: 0, max: 65_535 },
    ),
    once: flag({ help: 'End when all is copied that was there when it caught up' }),
    ...mirrorOptions,
  },
  examples: [
    { command: 'millrace mirror run --source east:9092 --target west:9092 --topics orders', does: 'Copy one topic' },
    {
      command: "millrace mirror run --source east --target west --topics '/orders\\..*/' --prefix east.",
      does: 'All that match, under other names, between clusters that run here',
    },
  ],
  serves: true,
  async run({ options, terminal }) {
    const topics = namesAndPatterns('--topics', options.topics.flat());
    if (topics.length === 0) throw new UsageError('--topics: name at least one topic, or a /PATTERN/');
    const groups = namesAndPatterns('--groups', options.groups.flat());
    const { source, target, name, rename } = await findSides(options, terminal);
    const { startMirror } = await import('@millrace/mirror');
    await using mirror = await startMirror({
      name,
      source: source.client,
      target: target.client,
      topics,
      worker: options.worker,
      rename,
      begin: options.from,
      groups: groups.length === 0 ? undefined : groups,
      ...promiseOf(options),
      localOnly: options.localOnly,
      replicationFactor: options.replication,
      ...speedOf(options),
      report: ({ level, message }) => {
        if (level !== 'info') terminal.note(`${level}: ${message}`);
      },
    });
    await using parts = new ClosingStack();
    const metrics = options.metrics === undefined ? undefined : await servedMetrics(mirror, options.metrics, parts);
    announceMirror(mirror, source.name, target.name, metrics, terminal);
    await terminal.output.flush();
    await watchMirror(mirror, options.once, terminal);
    // Whoever copies once and stops wants the groups where the records are.
    if (options.once && !terminal.signal.aborted) await mirror.syncGroups();
    const { records, bytes } = mirrorTotals(mirror);
    await parts.close();
    await mirror.close();
    if (terminal.json) terminal.output.json({ ended: true, records, bytes });
    else terminal.output.line(`Copied ${counted(records, 'record')}.`);
    return undefined;
  },
});

async function servedMetrics(mirror: Mirror, port: number, parts: ClosingStack): Promise<string> {
  const { serveMetrics } = await import('../serve-metrics.ts');
  const { metricsContentType: contentType, metricsText } = await import('@millrace/mirror');
  const server = parts.use(await serveMetrics({ contentType, body: () => metricsText(mirror) }, port));
  return `${server.url}/metrics`;
}
