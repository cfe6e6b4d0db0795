import type { KnownMirror } from '@millrace/mirror';
import { command } from '../framework/command.ts';
import { printable } from '../framework/printable.ts';
import { type Column, table } from '../framework/table.ts';
import { mirrorListLines } from '../mirror/declared-mirrors.ts';
import { findSide, mirrorOptions } from '../mirror/mirror-sides.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

const { target, targetConfig } = mirrorOptions;

export const mirrorList = command({
  name: 'mirror list',
  summary: 'List the mirrors that are declared, and how they run',
  description:
    'Those that the control plane runs. With --target it asks that cluster alone, and lists the mirrors that ever ' +
    'copied to it, declared or not, by what they keep there: the topics millrace.offsets.NAME.',
  operands: [],
  options: { target, targetConfig, ...serverOptions },
  examples: [
    { command: 'millrace mirror list', does: 'All that are declared, with what they are behind' },
    { command: 'millrace mirror list --target west:9092', does: 'Which mirrors a cluster is the target of' },
  ],
  async run({ options, terminal }) {
    const { output, json, signal } = terminal;
    if (options.target === undefined) {
      const { listMirrorsContract } = await import('@millrace/api/fleet');
      const mirrors = [];
      let cursor: string | undefined;
      do {
        const page = await callServer(options, listMirrorsContract, { query: { limit: 1_000, cursor } }, terminal);
        mirrors.push(...page.items);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      if (json) output.json({ mirrors });
      else if (mirrors.length === 0)
        terminal.note('No mirror is declared; --target CLUSTER lists what a cluster knows.');
      else for (const line of mirrorListLines(mirrors, output.columns)) output.line(printable(line));
      return undefined;
    }
    const side = await findSide(options.target, options.targetConfig, options.dataDir, terminal);
    const { knownMirrors } = await import('@millrace/mirror');
    const mirrors = await knownMirrors({ target: side.client, signal });
    if (json) output.json({ target: side.name, mirrors });
    else if (mirrors.length === 0) terminal.note(`No mirror copies to ${side.name}.`);
    else for (const line of table(mirrors, knownColumns, output.columns)) output.line(line);
    return undefined;
  },
});

const knownColumns: readonly Column<KnownMirror>[] = [
  { title: 'MIRROR', cell: ({ mirror }) => mirror, shrinks: true },
  { title: 'SHARDS', cell: ({ shards }) => shards },
  { title: 'PARTITIONS', cell: ({ partitions }) => partitions },
  { title: 'TOPICS', cell: ({ topics }) => topics.join(', '), shrinks: true },
];
