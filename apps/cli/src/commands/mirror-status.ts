import { setTimeout as sleep } from 'node:timers/promises';
import { isMillraceError, messageOf } from '@millrace/base';
import type { MirrorState, MirrorWatch } from '@millrace/mirror';
import { command } from '../framework/command.ts';
import { type ExitCode, exitCodes } from '../framework/exit-codes.ts';
import { flag, type Values } from '../framework/option.ts';
import { printable } from '../framework/printable.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import { isWell, mirrorDetailLines } from '../mirror/declared-mirrors.ts';
import { findSides, mirrorOptions } from '../mirror/mirror-sides.ts';
import { mirrorView } from '../mirror/mirror-view.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

const redrawMs = 1000;
/** Lines of the live view besides those of topics and workers. */
const otherLines = 8;

export const mirrorStatus = command({
  name: 'mirror status',
  summary: 'Show how a mirror is doing: workers, lag, problems',
  description:
    'With the name of a declared mirror, how the control plane runs it. With --source and --target it asks the two ' +
    'clusters alone, so it works wherever the workers run, and when none does. On a terminal that is drawn anew each ' +
    'second until Ctrl-C; with --once, --json or into a file it is told once. Exits with 1 when something is not as ' +
    'it should be. AGE is how long ago the oldest record that is not copied came into being, by ' +
    'the time that it has.',
  operands: [{ name: 'MIRROR', help: 'a declared mirror', optional: true }],
  options: {
    partitions: flag({ help: 'Show each partition' }),
    once: flag({ help: 'Tell it once' }),
    ...mirrorOptions,
    ...serverOptions,
  },
  examples: [
    { command: 'millrace mirror status east-to-west', does: 'Of one that is declared, from the control plane' },
    { command: 'millrace mirror status --source east:9092 --target west:9092', does: 'Watch it' },
    { command: 'millrace mirror status --source east --target west --json', does: 'Once, for a script' },
  ],
  async run({ options, operands: [declared], terminal }) {
    if (declared !== undefined) return await tellDeclared(declared, options, terminal);
    const { source, target, name, rename } = await findSides(options, terminal);
    const { MirrorWatch } = await import('@millrace/mirror');
    const { signal, output, json } = terminal;
    await using watch = new MirrorWatch({ name, source: source.client, target: target.client, rename, signal });
    const isLive = terminal.shows && output.isTerminal && !json && !options.once;
    const state = isLive ? await live(watch, options.partitions, terminal) : await watch.look();
    if (json) output.json(withNulls(state));
    else {
      const view = mirrorView(state, { columns: output.columns, partitions: options.partitions });
      for (const line of view) output.line(line);
    }
    return state.problems.length === 0 || isLive ? undefined : exitCodes.failed;
  },
});

async function tellDeclared(
  name: string,
  options: Values<typeof mirrorOptions> & Values<typeof serverOptions> & { readonly partitions: boolean },
  terminal: Terminal,
): Promise<ExitCode | undefined> {
  if (options.source !== undefined || options.target !== undefined || options.name !== undefined) {
    throw new UsageError('a declared mirror goes without --source, --target and --name');
  }
  const { getMirrorContract } = await import('@millrace/api/fleet');
  const mirror = await callServer(options, getMirrorContract, { params: { name } }, terminal);
  const { output, json } = terminal;
  if (json) output.json(mirror);
  else for (const line of mirrorDetailLines(mirror, options.partitions, output.columns)) output.line(printable(line));
  return isWell(mirror) ? undefined : exitCodes.failed;
}

/** Draws it on a screen of its own, so that what was there before is there again; answers what was seen last. */
async function live(watch: MirrorWatch, partitions: boolean, terminal: Terminal): Promise<MirrorState> {
  let before: MirrorState | undefined;
  let state = await watch.look();
  terminal.draw('\u001b[?1049h\u001b[?25l');
  try {
    while (!terminal.signal.aborted) {
      const topicsMax = Math.max(1, terminal.rows - otherLines - state.workers.length - state.problems.length);
      const lines = mirrorView(state, { columns: terminal.columns - 1, topicsMax, partitions, before });
      const drawn = lines.slice(0, terminal.rows - 1).map((line) => line.slice(0, terminal.columns - 1));
      terminal.draw(`\u001b[H${drawn.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
      await sleep(redrawMs, undefined, { signal: terminal.signal }).catch(() => undefined);
      if (terminal.signal.aborted) break;
      before = state;
      state = await lookAgain(watch, state);
    }
  } finally {
    terminal.draw('\u001b[?25h\u001b[?1049l');
  }
  return state;
}

/** What was seen last stays, with the reason, while a cluster can't be asked. */
async function lookAgain(watch: MirrorWatch, last: MirrorState): Promise<MirrorState> {
  try {
    return await watch.look();
  } catch (error) {
    if (!isMillraceError(error) || !error.retriable) throw error;
    return { ...last, problems: [`this is how it was before: ${messageOf(error)}`] };
  }
}

/** JSON leaves out what is undefined; a script finds null there. */
function withNulls(state: MirrorState): unknown {
  return JSON.parse(JSON.stringify(state, (_, value: unknown) => (value === undefined ? null : value)));
}
