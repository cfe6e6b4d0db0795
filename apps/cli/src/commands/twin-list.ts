import type { TwinView } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { showList } from '../framework/show-list.ts';
import type { Column } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

const columns: readonly Column<TwinView>[] = [
  { title: 'TWIN', cell: (row) => row.name },
  { title: 'OF', cell: (row) => row.source },
  { title: 'ENVIRONMENT', cell: (row) => row.environment ?? null },
  { title: 'BROKERS', cell: (row) => row.brokers ?? null },
  { title: 'EMBEDDED', cell: (row) => (row.embedded ? 'yes' : 'no') },
  { title: 'BOOTSTRAP', cell: (row) => row.bootstrap, shrinks: true },
];

export const twinList = command({
  name: 'twin list',
  summary: 'List clusters that are twins of others',
  operands: [],
  options: serverOptions,
  examples: [{ command: 'millrace twin list --json', does: 'For a script' }],
  async run({ options, terminal }) {
    const { twinListContract } = await import('@millrace/api/fleet');
    const { items } = await callServer(options, twinListContract, {}, terminal);
    await showList({ name: 'items', rows: items, columns, none: 'No cluster is the twin of another.' }, terminal);
    return undefined;
  },
});
