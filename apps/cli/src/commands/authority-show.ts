import type { AuthorityView } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { flag } from '../framework/option.ts';
import { type Column, table } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const authorityShow = command({
  name: 'authority show',
  summary: 'Show the authorities of certificates, for clusters to trust',
  operands: [],
  options: { bundle: flag({ help: 'Only what clusters are to trust, as PEM' }), ...serverOptions },
  examples: [
    { command: 'millrace authority show', does: 'Which one signs, and how long yet' },
    { command: 'millrace authority show --bundle > truststore.pem', does: 'For the truststores of clusters' },
  ],
  async run({ options, terminal }) {
    const { certificateAuthorityContract } = await import('@millrace/api/fleet');
    const shown = await callServer(options, certificateAuthorityContract, {}, terminal);
    const { output } = terminal;
    if (terminal.json) output.json(shown);
    else if (options.bundle) output.line((shown.bundle ?? '').trimEnd());
    else if (shown.authorities.length === 0) terminal.note('There is none: the first is made when one is needed.');
    else for (const line of table(shown.authorities, columns, output.columns)) output.line(line);
    return undefined;
  },
});

const columns: Column<AuthorityView>[] = [
  { title: 'ID', cell: (row) => row.id },
  { title: 'STATE', cell: (row) => row.state },
  { title: 'EXPIRES', cell: (row) => row.expiresAt.slice(0, 10) },
  { title: 'DAYS', cell: (row) => String(row.daysLeft) },
  { title: 'IN USE', cell: (row) => String(row.inUse) },
  { title: 'NAME', cell: (row) => row.subject, shrinks: true },
];
