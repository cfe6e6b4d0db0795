import { command } from '../framework/command.ts';
import { decision, reasonOption, requestOperand, tellDecided } from '../onboarding/decide-request.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const approve = command({
  name: 'approve',
  summary: 'Approve a request that waits; never one of your own',
  operands: [requestOperand],
  options: { ...reasonOption, ...serverOptions },
  examples: [{ command: 'millrace approve 6b1c...', does: 'As an owner of the team, or an admin' }],
  async run({ options, operands, terminal }) {
    const { approveRequestContract } = await import('@millrace/api/fleet');
    tellDecided(await callServer(options, approveRequestContract, decision(operands, options), terminal), terminal);
    return undefined;
  },
});
