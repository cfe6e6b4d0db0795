import type { FailbackOptions, FailbackResult } from '@millrace/mirror';
import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { choice, flag, many, text, withDefault } from '../framework/option.ts';
import { counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import { mirrorTotals, namesAndPatterns, namesIn } from '../mirror/mirror-choice.ts';
import { findSides, mirrorOptions } from '../mirror/mirror-sides.ts';
import { moveOnlyGroups, onlyGroupsOption } from '../mirror/move-groups.ts';
import { TailFile } from '../mirror/tail-file.ts';
import { announceMirror, watchMirror } from '../mirror/watch-mirror.ts';

export const mirrorFailback = command({
  name: 'mirror failback',
  summary: 'Go back after a failover, without copying everything again',
  description:
    'Runs a worker of a mirror from the target to the source, NAME.back, which begins with the first record that was ' +
    'written after the failover. Once it has caught up, fail that one over. What was written to the source and never ' +
    'copied stays there, and is passed over; or it is written to a file (--tail export), written to the target as ' +
    'new records (merge), or deleted with the partition, which is copied anew from the target (rebuild).',
  operands: [],
  options: {
    topics: many(
      { placeholder: 'A,B', help: 'Which of its topics; /PATTERN/ for all that match (default: all of them)' },
      namesIn,
    ),
    onlyGroups: onlyGroupsOption,
    tail: withDefault(
      choice({ help: 'What becomes of what was never copied' }, ['keep', 'export', 'merge', 'rebuild'] as const),
      'keep',
    ),
    tailFile: text({ placeholder: 'FILE', help: 'Where it is written to first, as JSON lines' }),
    discardTail: flag({ help: 'With --tail rebuild: it may be deleted without having been written to a file' }),
    keepFence: flag({ help: 'Leave writers fenced on the source; the mirror must log in there as a super user' }),
    once: flag({ help: 'End when all is copied that was there when it caught up' }),
    ...destructiveOptions,
    ...mirrorOptions,
  },
  examples: [
    {
      command: 'millrace mirror failback --source east:9092 --target west:9092 --name east-west',
      does: 'Copy back what came after the failover, and go on',
    },
    {
      command: 'millrace mirror failover --source west:9092 --target east:9092 --name east-west.back',
      does: 'And then go back for good',
    },
  ],
  serves: true,
  async run({ options, terminal }) {
    const topics = namesAndPatterns('--topics', options.topics.flat());
    const { tail, tailFile, discardTail, keepFence } = options;
    if (tail === 'export' && tailFile === undefined) throw new UsageError('--tail export needs --tail-file FILE');
    if (tail === 'keep' && tailFile !== undefined) throw new UsageError('--tail-file needs --tail export');
    if (tail !== 'rebuild' && discardTail) throw new UsageError('--discard-tail needs --tail rebuild');
    if (tail === 'rebuild' && tailFile === undefined && !discardTail) {
      throw new UsageError('--tail rebuild deletes records that are nowhere else', {
        hint: 'Give --tail-file FILE to keep them there, or --discard-tail.',
      });
    }
    const { source, target, name, rename } = await findSides(options, terminal);
    const onlyGroups = namesAndPatterns('--only-groups', options.onlyGroups.flat());
    if (onlyGroups.length > 0) {
      if (topics.length > 0 || tail !== 'keep') throw new UsageError('--only-groups goes without --topics and --tail');
      const { signal } = terminal;
      const tell: FailbackOptions['tell'] = ({ sentence }) => terminal.note(sentence);
      const sides = { name, source: source.client, target: target.client, rename, signal, tell };
      const move = { direction: 'back', groups: onlyGroups, to: source.name } as const;
      return await moveOnlyGroups(sides, move, options, terminal);
    }
    const { failback, planFailback, startMirror } = await import('@millrace/mirror');
    const given: FailbackOptions = {
      name,
      source: source.client,
      target: target.client,
      rename,
      topics: topics.length === 0 ? undefined : topics,
      tail: tail === 'export' ? 'keep' : tail,
      discardTail,
      keepFence,
      signal: terminal.signal,
      tell: ({ level, sentence }) => terminal.note(level === 'warn' ? `warn: ${sentence}` : sentence),
    };
    const plan = await planFailback(given);
    if (options.dryRun) {
      print(plan, name, terminal);
      return undefined;
    }
    const emptied = plan.topics.reduce((sum, { rebuilt }) => sum + rebuilt.length, 0);
    const first = emptied === 0 ? '' : `DELETE all records of ${counted(emptied, 'partition')} on ${source.name}, and `;
    const back = `copy ${counted(plan.topics.length, 'topic')} back to ${source.name} by mirror ${plan.mirror.name}`;
    const deed = `${first}${back}`;
    if (!(await confirm(terminal, options, deed))) return exitCodes.failed;
    const kept = (file: string, records: number) => terminal.note(`${counted(records, 'record')} are in ${file}`);
    await using file = tailFile === undefined ? undefined : new TailFile(tailFile, kept);
    const result = await failback({ ...given, exportTail: file });
    await using mirror = await startMirror({
      ...result.mirror,
      report: ({ level, message }) => {
        if (level !== 'info') terminal.note(`${level}: ${message}`);
      },
    });
    announceMirror(mirror, target.name, source.name, undefined, terminal);
    await terminal.output.flush();
    await watchMirror(mirror, options.once, terminal);
    if (options.once && !terminal.signal.aborted) await mirror.syncGroups();
    const { records, bytes } = mirrorTotals(mirror);
    await mirror.close();
    if (terminal.json) terminal.output.json({ ended: true, records, bytes });
    else terminal.output.line(`Copied ${counted(records, 'record')}.`);
    return undefined;
  },
});

function print({ mirror, topics }: FailbackResult, name: string, { json, output }: Terminal): void {
  if (json) return output.json({ mirror: name, dryRun: true, back: mirror.name, topics });
  const sizeOf = (tails: readonly { readonly from: number; readonly to: number }[]): number =>
    tails.reduce((sum, { from, to }) => sum + to - from, 0);
  for (const { topic, tails, rebuilt } of topics) {
    const never = sizeOf(tails);
    const rest = never === 0 ? '' : `; ${counted(never, 'offset')} of it were never copied, and are passed over`;
    output.line(`Would copy ${topic} back by mirror ${mirror.name}${rest}.`);
    if (rebuilt.length === 0) continue;
    const gone = sizeOf(rebuilt.flatMap(({ deleted }) => deleted));
    const what = `${counted(rebuilt.length, 'partition')} of ${topic} and copy them anew`;
    output.line(`Would empty ${what}: ${counted(gone, 'offset')} are nowhere else.`);
  }
}
