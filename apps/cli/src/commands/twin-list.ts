import type { TwinView } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { table } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const twinList = command({
  name: 'twin list',
  summary: 'List clusters that are twins of others',
  operands: [],
  options: serverOptions,
  examples: [{ command: 'millrace twin list --json', does: 'For a script' }],
  async run({ options, terminal }) {
    const { twinListContract } = await import('@millrace/api/fleet');
    const { items } = await callServer(options, twinListContract, {}, terminal);
    if (terminal.json) {
      terminal.output.json({ items });
      return undefined;
    }
    const lines = table<TwinView>(
      items,
      [
        { title: 'TWIN', cell: (row) => row.name },
        { title: 'OF', cell: (row) => row.source },
        { title: 'ENVIRONMENT', cell: (row) => row.environment ?? null },
        { title: 'BROKERS', cell: (row) => row.brokers ?? null },
        { title: 'EMBEDDED', cell: (row) => (row.embedded ? 'yes' : 'no') },
        { title: 'BOOTSTRAP', cell: (row) => row.bootstrap, shrinks: true },
      ],
      terminal.output.columns,
    );
    for (const line of lines) terminal.output.line(line);
    return undefined;
  },
});
