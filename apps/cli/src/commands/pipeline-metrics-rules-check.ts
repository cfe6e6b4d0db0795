import { command } from '../framework/command.ts';
import { counted } from '../framework/table.ts';

export const rulesCheck = command({
  name: 'pipeline metrics rules check',
  summary: "Check files of rules in Prometheus's format",
  description:
    'Reads a file of rules here, without a server: its form, its expressions, its templates. With --json it prints ' +
    'what is in it.',
  operands: [{ name: 'FILE', help: 'The file of rules (YAML)' }],
  options: {},
  examples: [{ command: 'millrace metrics rules check rules/load.yaml', does: 'Whether the rules are sound' }],
  async run({ operands, terminal }) {
    const [file] = operands as [string];
    const { readRuleFile } = await import('@millrace/pipelines');
    const groups = await readRuleFile(file);
    const rules = groups.flatMap((group) => group.rules);
    const alerts = rules.filter(({ kind }) => kind === 'alerting').length;
    if (terminal.json) {
      terminal.output.json({ file, groups: groups.map(({ name }) => name), rules: rules.length, alerts });
      return undefined;
    }
    const what = `${counted(rules.length, 'rule')}, ${counted(alerts, 'alert')} among them`;
    terminal.output.line(`${file}: ${counted(groups.length, 'group')} with ${what}.`);
    return undefined;
  },
});
