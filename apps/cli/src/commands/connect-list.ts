import type { ConnectorView } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { many } from '../framework/option.ts';
import { printable } from '../framework/printable.ts';
import { type Column, table } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

const columns: readonly Column<ConnectorView>[] = [
  { title: 'CONNECTOR', cell: ({ connect, name }) => `${connect}/${name}`, shrinks: true },
  { title: 'TYPE', cell: ({ type }) => type || null },
  { title: 'STATE', cell: stateOf },
  { title: 'TASKS', cell: ({ tasks }) => tasks.length },
  { title: 'FAILED', cell: ({ tasks }) => tasks.filter(({ state }) => state === 'failed').length },
  { title: 'OWNER', cell: ({ owner }) => owner ?? null },
  { title: 'CLASS', cell: ({ class: name }) => name.slice(name.lastIndexOf('.') + 1), shrinks: true },
];

export const connectList = command({
  name: 'connect list',
  summary: 'List connectors of Kafka Connect, with what has failed',
  description: 'Exits with 1 when a connector or task has failed, or a Connect cluster does not answer.',
  operands: [],
  options: {
    connect: many({ placeholder: 'NAME', help: 'Only of this Connect cluster (may be repeated)' }, (name) => name),
    ...serverOptions,
  },
  examples: [{ command: 'millrace connect list', does: 'All of them, and why some have failed' }],
  async run({ options, terminal }) {
    const { connectListContract } = await import('@millrace/api/fleet');
    const answer = await callServer(options, connectListContract, {}, terminal);
    const items = answer.items.filter(({ name }) => options.connect.length === 0 || options.connect.includes(name));
    const connectors = items.flatMap((each) => each.connectors);
    const failures = connectors.flatMap(failuresOf);
    const problems = items.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
    if (terminal.json) terminal.output.json({ items });
    else {
      if (connectors.length === 0) terminal.note('There are no connectors.');
      else for (const line of table(connectors, columns, terminal.output.columns)) terminal.output.line(line);
      for (const line of [...failures, ...problems]) terminal.output.line(printable(line));
    }
    return failures.length + problems.length > 0 ? exitCodes.failed : undefined;
  },
});

function stateOf({ present, state, wanted }: ConnectorView): string {
  if (!present) return 'absent';
  return wanted === undefined || wanted === state || state === 'failed' ? state : `${state}, not ${wanted}`;
}

function failuresOf({ connect, name, state, failure, tasks }: ConnectorView): string[] {
  const parts = [{ what: `${connect}/${name}`, state, failure }].concat(
    tasks.map((task) => ({ what: `${connect}/${name} task ${task.id}`, state: task.state, failure: task.failure })),
  );
  return parts.filter((part) => part.state === 'failed').map((part) => `${part.what}: ${part.failure ?? 'failed'}`);
}
