import { clusterOptions } from '../cluster/cluster-options.ts';
import { openHome } from '../cluster/open-home.ts';
import { command } from '../framework/command.ts';
import { type Column, table } from '../framework/table.ts';

export const pipelineDbsync = command({
  name: 'pipeline dbsync',
  summary: 'Show which tables of databases are captured, and how much there is of each',
  description: `The platform captures its own database's tables into dbsync.millrace.fleet.TABLE; millrace sync capture
    does it for others. What holds credentials or keys is left out.`,
  operands: [],
  options: clusterOptions,
  examples: [
    { command: 'millrace pipeline dbsync', does: 'All tables that are captured' },
    {
      command: 'millrace consume dbsync.millrace.fleet.audit_entry --from earliest',
      does: 'The changes of one of them',
    },
  ],
  async run({ options, terminal }) {
    const { capturedTopics, secretTables } = await import('@millrace/pipelines');
    await using cluster = await openHome(options);
    const topics = await capturedTopics(cluster.client);
    if (terminal.json) {
      terminal.output.json({ topics, leftOut: secretTables });
      return undefined;
    }
    if (topics.length === 0) {
      terminal.output.line('No table is captured yet.');
      return undefined;
    }
    const columns: Column<(typeof topics)[number]>[] = [
      { title: 'database', cell: ({ database }) => database },
      { title: 'table', cell: (each) => each.table, shrinks: true },
      { title: 'entries', cell: ({ entries }) => entries },
      { title: 'topic', cell: ({ topic }) => topic, shrinks: true },
    ];
    for (const line of table(topics, columns, terminal.output.columns)) terminal.output.line(line);
    terminal.note(`Left out of the platform's own, for what they hold: ${secretTables.join(', ')}.`);
    return undefined;
  },
});
