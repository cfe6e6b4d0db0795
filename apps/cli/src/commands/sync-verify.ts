import type { VerifyEvent } from '@millrace/postgres';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import { clientEvents } from '../event-lines.ts';
import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { flag, integer, text, withDefault } from '../framework/option.ts';
import { count, counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { databaseOption, databaseUrlOf, targetOption, targetUrlOf } from '../schema/database-option.ts';

export const syncVerify = command({
  name: 'sync verify',
  summary: 'Compare two PostgreSQL databases row by row, while both are written to',
  description: `Both servers take digests of ranges of rows; where they differ the range is cut until single rows are
    left. What differs is looked at again later: with --capture once the applier has passed what the source had, else
    twice after --settle. Exit code 3 when something differs.`,
  operands: [
    { name: 'TABLE', help: 'schema.table, with * for any characters; none: all tables', many: true, optional: true },
  ],
  options: {
    ...databaseOption,
    ...targetOption,
    repair: flag({ help: "Make the target's rows that differ those of the source" }),
    capture: text({ placeholder: 'NAME', help: 'The capture through whose topics the target is applied' }),
    name: withDefault(text({ placeholder: 'NAME', help: 'Of the applier, with --capture' }), 'millrace'),
    settle: withDefault(
      integer({ placeholder: 'SECONDS', help: 'Without --capture: time for the target to catch up' }, { min: 0 }),
      5,
    ),
    ...clusterOptions,
  },
  examples: [
    {
      command: 'millrace sync verify --database-url postgres://localhost/shop --target-url postgres://localhost/copy',
      does: 'All tables of the source',
    },
    { command: 'millrace sync verify orders --capture millrace --repair', does: 'One table, and mend it' },
  ],
  async run({ operands, options, terminal }) {
    const { appliedPast, PostgresTarget, verifyTables } = await import('@millrace/postgres');
    const { capture, name, repair, settle } = options;
    const [source, target] = [databaseUrlOf(options), targetUrlOf(options)];
    await using cluster = capture === undefined ? undefined : await openCluster(options, clientEvents(terminal));
    const { signal } = terminal;
    const applied = new PostgresTarget({ url: target, name, tell: () => undefined });
    const past =
      cluster === undefined || capture === undefined
        ? undefined
        : (lsn: bigint) => appliedPast({ kafka: cluster.client, capture, target: applied, signal }, lsn);
    const verified = await verifyTables({
      ...{ source, target, repair, signal, tables: operands },
      passed: past,
      settleMs: settle * 1000,
      report: (event) => tell(event, terminal),
    });
    if (terminal.json) terminal.output.json({ kind: 'verified', ...verified });
    else {
      const { tables, rows, differences, repaired, changing } = verified;
      const found = differences === 0 ? 'no difference' : counted(differences, 'difference');
      const more = [
        ...(repaired > 0 ? [`${count(repaired)} repaired`] : []),
        ...(changing > 0 ? [`${counted(changing, 'row')} changed whenever looked at`] : []),
      ];
      const line = [`${counted(tables, 'table')}, ${counted(rows, 'row')}: ${found}`, ...more].join(', ');
      terminal.output.line(`${line}.`);
    }
    return verified.differences > verified.repaired ? exitCodes.differences : undefined;
  },
});

function tell(event: VerifyEvent, terminal: Terminal): void {
  if (terminal.json) {
    if (event.kind !== 'table' || event.isDone) terminal.output.json(event);
    return;
  }
  switch (event.kind) {
    case 'table':
      if (event.isDone) terminal.note(`${event.table}: ${counted(event.rows, 'row')} compared`);
      return;
    case 'no_table':
      terminal.output.line(`${event.table} is not at the ${event.missingAt}`);
      return;
    case 'no_column':
      terminal.output.line(`${event.table}: column ${event.column} is not at the ${event.missingAt}`);
      return;
    case 'table_differs':
      terminal.output.line(
        `${event.table}, which has no key: ${count(event.rows)} rows, ${count(event.targetRows)} at the target, differ`,
      );
      return;
    default: {
      const key = Object.entries(event.key)
        .map(([column, value]) => `${column}=${value}`)
        .join(' ');
      const columns = event.columns.length === 0 ? '' : ` in ${event.columns.join(', ')}`;
      terminal.output.line(`${event.table} ${key}: ${event.kind}${columns}${event.isRepaired ? ', repaired' : ''}`);
    }
  }
}
