import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
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
import { announceMirror, watchMirror } from '../mirror/watch-mirror.ts';

export const mirrorFailback = command({
  name: 'mirror failback',
  summary: 'Go back after a failover, without copying everything again',
  description:
    'Runs a worker of a mirror from the target to the source, NAME.back, which begins with the first record that was ' +
    'written after the failover. Once it has caught up, fail that one over. What was written to the source and never ' +
    'copied stays there, and is skipped.',
  operands: [],
  options: {
    topics: many(
      { placeholder: 'A,B', help: 'Which of its topics; /PATTERN/ for all that match (default: all of them)' },
      namesIn,
    ),
    tail: withDefault(
      choice({ help: 'What becomes besides of what was never copied' }, ['keep', 'export', 'merge'] as const),
      'keep',
    ),
    tailFile: text({ placeholder: 'FILE', help: 'Where --tail export writes it, as JSON lines' }),
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
    const { tail, tailFile, keepFence } = options;
    if ((tail === 'export') !== (tailFile !== undefined)) throw new UsageError('--tail export needs --tail-file FILE');
    const { source, target, name, rename } = await findSides(options, terminal);
    const { failback, planFailback, startMirror } = await import('@millrace/mirror');
    const given: FailbackOptions = {
      name,
      source: source.client,
      target: target.client,
      rename,
      topics: topics.length === 0 ? undefined : topics,
      keepFence,
      signal: terminal.signal,
      tell: ({ level, sentence }) => terminal.note(level === 'warn' ? `warn: ${sentence}` : sentence),
    };
    const plan = await planFailback(given);
    if (options.dryRun) {
      print(plan, name, terminal);
      return undefined;
    }
    const deed = `copy ${counted(plan.topics.length, 'topic')} back to ${source.name} by mirror ${plan.mirror.name}`;
    if (!(await confirm(terminal, options, deed))) return exitCodes.failed;
    const exported = tailFile === undefined ? undefined : exportTo(tailFile);
    const result = await failback({ ...given, tail: exported ?? (tail === 'merge' ? 'merge' : 'keep') }).finally(() =>
      exported?.end(),
    );
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

/** A line for each record, bytes in base64. */
function exportTo(file: string) {
  const stream = createWriteStream(file);
  const base64 = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString('base64');
  const failed = finished(stream);
  failed.catch(() => undefined);
  return {
    async export({ key, value, headers, ...place }: Parameters<ExportTail>[0]): Promise<void> {
      const line = {
        ...place,
        key: base64(key),
        value: base64(value),
        headers: headers.map(([k, v]) => [k, base64(v)]),
      };
      const hasRoom = stream.write(`${JSON.stringify(line)}\n`);
      if (!hasRoom) await Promise.race([new Promise<void>((resolve) => stream.once('drain', () => resolve())), failed]);
    },
    async end(): Promise<void> {
      stream.end();
      await failed;
    },
  };
}

type ExportTail = Extract<FailbackOptions['tail'], { readonly export: unknown }>['export'];

function print({ mirror, topics }: FailbackResult, name: string, { json, output }: Terminal): void {
  if (json) return output.json({ mirror: name, dryRun: true, back: mirror.name, topics });
  for (const { topic, tails } of topics) {
    const never = tails.reduce((sum, { from, to }) => sum + to - from, 0);
    const rest = never === 0 ? '' : `; ${counted(never, 'offset')} of it were never copied, and are skipped`;
    output.line(`Would copy ${topic} back by mirror ${mirror.name}${rest}.`);
  }
}
