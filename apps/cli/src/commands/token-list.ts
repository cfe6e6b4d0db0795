import type { Token } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { minuteOf, showList } from '../framework/show-list.ts';
import type { Column } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { readPages } from '../server/read-pages.ts';
import { serverOptions } from '../server/server-options.ts';

export const tokenList = command({
  name: 'token list',
  summary: 'List your tokens; an admin sees all',
  operands: [],
  options: serverOptions,
  examples: [{ command: 'millrace token list', does: 'What they may do, until when, and when they were last used' }],
  async run({ options, terminal }) {
    const { tokensContract } = await import('@millrace/api/fleet');
    const { items: tokens } = await readPages(async (query) => {
      const { tokens: items, next } = await callServer(options, tokensContract, { query }, terminal);
      return { items, next };
    });
    const columns: Column<Token>[] = [
      { title: 'NAME', cell: (row) => row.name, shrinks: true },
      { title: 'STATE', cell: (row) => row.state },
      { title: 'ROLE', cell: (row) => row.role },
      { title: 'TEAMS', cell: (row) => row.teams.map(({ name }) => name).join(',') || null, shrinks: true },
      { title: 'OWNER', cell: (row) => row.owner, shrinks: true },
      { title: 'EXPIRES', cell: (row) => row.expiresAt.slice(0, 10) },
      { title: 'LAST USED', cell: (row) => (row.lastUsedAt === null ? null : minuteOf(row.lastUsedAt)) },
    ];
    await showList({ name: 'tokens', rows: tokens, columns, none: 'You have no tokens.' }, terminal);
    return undefined;
  },
});
