import { command } from '../framework/command.ts';
import { type Column, table } from '../framework/table.ts';
import { serverOptions } from '../server/server-options.ts';

interface Row {
  readonly group: string;
  readonly rule: string;
  readonly state: string;
  readonly expression: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'GROUP', cell: (row) => row.group },
  { title: 'RULE', cell: (row) => row.rule },
  { title: 'STATE', cell: (row) => row.state },
  { title: 'EXPRESSION', cell: (row) => row.expression, shrinks: true },
];

export const rulesList = command({
  name: 'pipeline metrics rules list',
  summary: 'List the rules that are evaluated, and what became of them',
  description:
    'Lists the rules that the running platform evaluates (`millrace up --metrics FILE`). With --json it prints a ' +
    'line for each group, as the API of Prometheus has it.',
  operands: [],
  options: { ...serverOptions },
  examples: [{ command: 'millrace metrics rules list', does: 'All rules, with those that fail' }],
  async run({ options, terminal }) {
    const { askRules } = await import('../metrics/ask-prometheus.ts');
    const { findServer } = await import('../server/find-server.ts');
    const groups = await askRules(await findServer(options), terminal.signal);
    const { output } = terminal;
    if (terminal.json) {
      for (const group of groups) output.json(group);
      return undefined;
    }
    const rows = groups.flatMap(({ name: group, rules }) =>
      rules.map((rule): Row => {
        const { name, query: expression, health, lastError } = rule;
        const state = health === 'err' ? `fails: ${lastError}` : rule.type === 'alerting' ? rule.state : health;
        return { group, rule: name, state, expression };
      }),
    );
    if (rows.length === 0) terminal.note('There are no rules: `millrace up --metrics FILE` names files of rules.');
    else for (const line of table(rows, columns, output.columns)) output.line(line);
    return undefined;
  },
});
