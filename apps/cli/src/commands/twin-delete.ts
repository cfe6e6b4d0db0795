import { command } from '../framework/command.ts';
import { planOptions, runPlan } from '../operations/run-plan.ts';
import { findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const twinDelete = command({
  name: 'twin delete',
  summary: 'End an embedded twin, with all that it stores',
  operands: [{ name: 'TWIN', help: 'which' }],
  options: { ...planOptions, ...serverOptions },
  examples: [{ command: 'millrace twin delete try --yes', does: 'Without asking' }],
  async run({ options, operands, terminal }) {
    const input = { name: operands[0] ?? '' };
    return await runPlan(await findServer(options), { kind: 'twin_delete', input }, options, terminal);
  },
});
