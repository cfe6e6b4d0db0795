import type { Finding } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { type Column, table } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const findings = command({
  name: 'findings',
  summary: 'Show what is wrong with access: drift, unused rights, expiry, plaintext',
  operands: [],
  options: {
    kind: text({ placeholder: 'KINDS', help: 'Only these, separated by commas: undeclared_acl, unused_grant, ...' }),
    severity: text({ placeholder: 'WORDS', help: 'Only these, separated by commas: high, medium, low' }),
    cluster: text({ placeholder: 'NAME', help: 'Only of this cluster' }),
    application: text({ placeholder: 'NAME', help: 'Only of this application' }),
    team: text({ placeholder: 'TEAM', help: 'Only of applications of this team' }),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace findings --severity high', does: 'What should not wait' },
    { command: 'millrace findings --application orders --json', does: 'All about one application, with what to do' },
  ],
  async run({ options, terminal }) {
    const { listFindingsContract } = await import('@millrace/api/fleet');
    const { kind, severity, cluster, application, team } = options;
    const items: Finding[] = [];
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const query = { kind, severity, cluster, application, team, cursor, limit: 1000 };
      const page = await callServer(options, listFindingsContract, { query }, terminal);
      items.push(...page.items);
      cursor = page.next ?? undefined;
    }
    if (terminal.json) {
      terminal.output.json({ findings: items });
      return undefined;
    }
    if (items.length === 0) {
      terminal.note('There is nothing to be told.');
      return undefined;
    }
    const columns: Column<Finding>[] = [
      { title: 'SEVERITY', cell: (row) => row.severity },
      { title: 'KIND', cell: (row) => row.kind },
      { title: 'WHAT', cell: (row) => row.text, shrinks: true },
      { title: 'ADVICE', cell: (row) => row.advice, shrinks: true },
    ];
    for (const line of table(items, columns, terminal.output.columns)) terminal.output.line(line);
    return undefined;
  },
});
