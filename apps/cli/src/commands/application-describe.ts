import { command } from '../framework/command.ts';
import { minuteOf } from '../framework/show-list.ts';
import { type Column, table } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const applicationDescribe = command({
  name: 'application describe',
  summary: 'Show what an application uses, what it may, and what it logs in with',
  operands: [{ name: 'NAME', help: 'the application' }],
  options: serverOptions,
  examples: [{ command: 'millrace application describe orders', does: 'Its rights, credentials, and observed uses' }],
  async run({ options, operands, terminal }) {
    const { getApplicationContract } = await import('@millrace/api/fleet');
    const params = { name: operands[0] as string };
    const detail = await callServer(options, getApplicationContract, { params }, terminal);
    const { output } = terminal;
    if (terminal.json) {
      output.json(detail);
      return undefined;
    }
    output.line(`${detail.name} of team ${detail.team}: ${detail.principals.join(', ')}`);
    if (detail.shutOut.length > 0) output.line(`shut out: ${detail.shutOut.join(', ')}`);
    const sections: string[][] = [
      ['rights', ...detail.acls.map(({ cluster, text }) => `${cluster}: ${text}`)],
      [
        'seen',
        ...detail.observed.map((use) => {
          return `${use.cluster}: ${use.role} of ${use.topic}, last ${use.lastSeenAt.slice(0, 16)} (${use.source})`;
        }),
      ],
    ];
    for (const [title, ...lines] of sections) {
      if (lines.length === 0) continue;
      output.line('');
      output.line(`${title}:`);
      for (const line of lines) output.line(`  ${line}`);
    }
    if (detail.credentialList.length === 0) return undefined;
    output.line('');
    const columns: Column<(typeof detail.credentialList)[number]>[] = [
      { title: 'PRINCIPAL', cell: (row) => row.principal, shrinks: true },
      { title: 'KIND', cell: (row) => row.kind },
      { title: 'STATE', cell: (row) => row.state },
      { title: 'ISSUED', cell: (row) => minuteOf(row.issuedAt) },
      { title: 'EXPIRES', cell: (row) => row.expiresAt?.slice(0, 10) ?? null },
      { title: 'IN USE', cell: (row) => row.confirmedAt?.slice(0, 10) ?? null },
      { title: 'ID', cell: (row) => row.id },
    ];
    for (const line of table(detail.credentialList, columns, output.columns)) output.line(line);
    return undefined;
  },
});
