import { command } from '../framework/command.ts';
import { type Column, table } from '../framework/table.ts';
import { serverOptions } from '../server/server-options.ts';

interface Row {
  readonly state: string;
  readonly alert: string;
  readonly since: string;
  readonly value: string;
  readonly labels: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'STATE', cell: (row) => row.state },
  { title: 'ALERT', cell: (row) => row.alert },
  { title: 'SINCE', cell: (row) => row.since },
  { title: 'VALUE', cell: (row) => row.value },
  { title: 'LABELS', cell: (row) => row.labels, shrinks: true },
];

export const metricsAlerts = command({
  name: 'pipeline metrics alerts',
  summary: 'List alerts that are pending or fire',
  description:
    'Lists the alerts of the rules that the running platform evaluates (`millrace up --metrics FILE`), those that ' +
    'fire first. With --json it prints a line for each, as the API of Prometheus has it.',
  operands: [],
  options: { ...serverOptions },
  examples: [{ command: 'millrace metrics alerts', does: 'What is wrong now' }],
  async run({ options, terminal }) {
    const { askRules } = await import('../metrics/ask-prometheus.ts');
    const { findServer } = await import('../server/find-server.ts');
    const groups = await askRules(await findServer(options), terminal.signal);
    const alerts = groups
      .flatMap((group) => group.rules.flatMap((rule) => rule.alerts ?? []))
      .sort((a, b) => a.state.localeCompare(b.state) || a.activeAt.localeCompare(b.activeAt));
    const { output } = terminal;
    if (terminal.json) {
      for (const alert of alerts) output.json(alert);
      return undefined;
    }
    const rows = alerts.map(({ state, labels: { alertname = '', ...labels }, activeAt, value }): Row => {
      const pairs = Object.entries(labels).map(([name, text]) => `${name}=${JSON.stringify(text)}`);
      return { state, alert: alertname, since: activeAt, value, labels: pairs.join(', ') };
    });
    if (rows.length === 0) terminal.note('No alert is pending or fires.');
    else for (const line of table(rows, columns, output.columns)) output.line(line);
    return undefined;
  },
});
