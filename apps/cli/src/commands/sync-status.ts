import { clusterOptions } from '../cluster/cluster-options.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import { clientEvents } from '../event-lines.ts';
import { command } from '../framework/command.ts';
import { text, withDefault } from '../framework/option.ts';
import { type Column, table } from '../framework/table.ts';
import { targetOption, targetUrlOf } from '../schema/database-option.ts';

export const syncStatus = command({
  name: 'sync status',
  summary: 'Show how far an applier is',
  description: `What the target has applied of each partition against what the topics hold. The lag is the time since
    the last applied change was committed at the source, where there is more to apply.`,
  operands: [],
  options: {
    ...targetOption,
    name: withDefault(text({ placeholder: 'NAME', help: 'Of the applier' }), 'millrace'),
    ...clusterOptions,
  },
  examples: [
    {
      command: 'millrace sync status --target-url postgres://localhost/copy --bootstrap 127.0.0.1:9092',
      does: 'Each partition',
    },
  ],
  async run({ options, terminal }) {
    const { applierStatus, PostgresTarget } = await import('@millrace/postgres');
    await using cluster = await openCluster(options, clientEvents(terminal));
    const { name } = options;
    const target = new PostgresTarget({ url: targetUrlOf(options), name, tell: () => undefined });
    const partitions = await applierStatus(cluster.client, target);
    if (terminal.json) {
      terminal.output.json({ applier: name, partitions });
      return undefined;
    }
    if (partitions.length === 0) terminal.output.line(`Nothing was applied as ${name}.`);
    else {
      const columns: Column<(typeof partitions)[number]>[] = [
        { title: 'topic', cell: ({ topic }) => topic, shrinks: true },
        { title: 'partition', cell: ({ partition }) => partition },
        { title: 'applied to', cell: ({ offset }) => offset },
        { title: 'behind', cell: ({ offset, end }) => end - offset },
        { title: 'lag', cell: ({ lagSeconds }) => `${lagSeconds.toFixed(1)} s` },
      ];
      for (const line of table(partitions, columns, terminal.output.columns)) terminal.output.line(line);
    }
    return undefined;
  },
});
