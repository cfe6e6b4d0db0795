import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { counted } from '../framework/table.ts';

export const rulesTest = command({
  name: 'pipeline metrics rules test',
  summary: 'Run tests of rules in the format of promtool',
  description:
    'Runs the tests of FILE here, without a server, over the rules that it names (`rule_files`). Exits with 1 where ' +
    'something is not as expected. With --json it prints a line for each test.',
  operands: [{ name: 'FILE', help: 'The file of tests (YAML)' }],
  options: {},
  examples: [
    { command: 'millrace metrics rules test rules/load.test.yaml', does: 'Whether alerts fire when they shall' },
  ],
  async run({ operands, terminal }) {
    const [file] = operands as [string];
    const { testRules } = await import('@millrace/pipelines');
    const verdicts = await testRules(file);
    for (const { test, problems } of verdicts) {
      if (terminal.json) terminal.output.json({ test, passed: problems.length === 0, problems });
      else {
        terminal.output.line(`${problems.length === 0 ? 'ok' : 'failed'}  ${test}`);
        for (const problem of problems) terminal.output.line(`        ${problem}`);
      }
    }
    const failed = verdicts.filter(({ problems }) => problems.length > 0).length;
    terminal.note(`${counted(verdicts.length, 'test')}, ${failed} failed.`);
    return failed === 0 ? undefined : exitCodes.failed;
  },
});
