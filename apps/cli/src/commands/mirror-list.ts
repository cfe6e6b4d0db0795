import { command } from '../framework/command.ts';
import { table } from '../framework/table.ts';
import { UsageError } from '../framework/usage-error.ts';
import { findSide, mirrorOptions } from '../mirror/mirror-sides.ts';

const { target, targetConfig, dataDir } = mirrorOptions;

export const mirrorList = command({
  name: 'mirror list',
  summary: 'List the mirrors that copy to a cluster',
  description: 'Those that ever did, by what they keep there: the topics millrace.offsets.NAME.',
  operands: [],
  options: { target, targetConfig, dataDir },
  examples: [{ command: 'millrace mirror list --target west:9092', does: 'Which mirrors it is the target of' }],
  async run({ options, terminal }) {
    if (options.target === undefined) throw new UsageError('name the cluster: --target', { hint: 'See --help.' });
    const side = await findSide(options.target, options.targetConfig, options.dataDir, terminal);
    const { knownMirrors } = await import('@millrace/mirror');
    const { signal, output } = terminal;
    const mirrors = await knownMirrors({ target: side.client, signal });
    if (terminal.json) output.json({ target: side.name, mirrors });
    else if (mirrors.length === 0) terminal.note(`No mirror copies to ${side.name}.`);
    else {
      const lines = table(
        mirrors,
        [
          { title: 'MIRROR', cell: ({ mirror }) => mirror, shrinks: true },
          { title: 'SHARDS', cell: ({ shards }) => shards },
          { title: 'PARTITIONS', cell: ({ partitions }) => partitions },
          { title: 'TOPICS', cell: ({ topics }) => topics.join(', '), shrinks: true },
        ],
        output.columns,
      );
      for (const line of lines) output.line(line);
    }
    return undefined;
  },
});
