import { command } from '../framework/command.ts';
import { choice, text, withDefault } from '../framework/option.ts';
import { type Column, table } from '../framework/table.ts';
import { cents, linesText, money } from '../onboarding/request-text.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const cost = command({
  name: 'cost',
  summary: 'Show what topics cost in a month, dearest first',
  description: 'By the prices that clusters are declared with. With --topic also how it was calculated.',
  operands: [],
  options: {
    by: withDefault(choice({ help: 'Added up by this' }, ['team', 'cluster', 'topic']), 'team'),
    team: text({ placeholder: 'TEAM', help: 'Only topics of this team' }),
    cluster: text({ placeholder: 'NAME', help: 'Only topics of this cluster' }),
    topic: text({ placeholder: 'NAME', help: 'Only topics of this name' }),
    ...serverOptions,
  },
  examples: [{ command: 'millrace cost --team shop --by topic', does: 'What the topics of a team cost' }],
  async run({ options, terminal }) {
    const { costContract } = await import('@millrace/api/fleet');
    const { by, team, cluster, topic } = options;
    const answer = await callServer(options, costContract, { query: { by, team, cluster, topic } }, terminal);
    if (terminal.json) {
      terminal.output.json(answer);
      return undefined;
    }
    const columns: Column<(typeof answer.rows)[number]>[] = [
      { title: by.toUpperCase(), cell: ({ name }) => name || null, shrinks: true },
      { title: 'MONTHLY', cell: ({ monthly }) => cents(monthly) },
      { title: 'BUDGET', cell: ({ budget }) => (budget === undefined ? null : cents(budget)) },
      { title: 'TOPICS', cell: ({ topics }) => topics },
      { title: 'PARTITIONS', cell: ({ partitions }) => partitions },
      { title: 'GIB', cell: ({ storedBytes }) => Math.round(storedBytes / 2 ** 30) },
    ];
    for (const line of table(answer.rows, columns, terminal.output.columns)) terminal.output.line(line);
    terminal.output.line(`In all: ${money(answer.monthly)} a month.`);
    for (const line of linesText(answer.lines)) terminal.output.line(line);
    return undefined;
  },
});
