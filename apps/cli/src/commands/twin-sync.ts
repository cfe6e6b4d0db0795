import { command } from '../framework/command.ts';
import { many } from '../framework/option.ts';
import { planOptions, runPlan } from '../operations/run-plan.ts';
import { findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const twinSync = command({
  name: 'twin sync',
  summary: 'Make a twin the same as the cluster that it is a twin of',
  description: 'What only the twin has stays, unless it is named with --remove. The other cluster is never touched.',
  operands: [{ name: 'TWIN', help: 'a cluster that is declared as the twin of another' }],
  options: {
    remove: many(
      { placeholder: 'ID', help: 'What only the twin has and shall go, as `twin diff` names it' },
      (id) => id,
    ),
    ...planOptions,
    ...serverOptions,
  },
  examples: [
    { command: 'millrace twin sync qa-east --dry-run', does: 'See it first' },
    { command: "millrace twin sync qa-east --remove 'topic experiment'", does: 'Also delete a topic of the twin' },
  ],
  async run({ options, operands, terminal }) {
    const [twin = ''] = operands;
    const input = { twin, ...(options.remove.length > 0 && { remove: [...options.remove] }) };
    return await runPlan(await findServer(options), { kind: 'twin_sync', input }, options, terminal);
  },
});
