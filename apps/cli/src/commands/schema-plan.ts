import { command } from '../framework/command.ts';
import { planFor, planOptions, showStep } from '../schema/plan-options.ts';
import { readScript } from '../schema/read-script.ts';

export const schemaPlan = command({
  name: 'schema plan',
  summary: 'Take changes to a PostgreSQL schema apart into safe steps',
  description: `Each step leaves code that runs now working, and what comes next too; none keeps anybody waiting for
    more than two seconds. Where code has to be deployed in between, the plan says so. Nothing is changed.`,
  operands: [{ name: 'FILE', help: 'SQL, as it would be written without a thought for others; - is stdin' }],
  options: planOptions,
  examples: [
    {
      command: 'millrace schema plan 0042.sql --database-url postgres://localhost/shop',
      does: 'What schema apply would do',
    },
  ],
  async run({ operands, options, terminal }) {
    const [file = ''] = operands;
    const { plan, isBegun } = await planFor(await readScript(file), options);
    if (terminal.json) {
      terminal.output.json({ ...plan, begun: isBegun });
      return undefined;
    }
    for (const [position, step] of plan.steps.entries()) showStep(position, step, terminal.output);
    if (isBegun) terminal.note('This change was begun: it goes on by this plan.');
    return undefined;
  },
});
