import { command } from '../framework/command.ts';
import { decision, reasonOption, requestOperand, tellDecided } from '../onboarding/decide-request.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const requestWithdraw = command({
  name: 'request withdraw',
  summary: 'Take a request back that waits or has failed',
  operands: [requestOperand],
  options: { ...reasonOption, ...serverOptions },
  examples: [{ command: 'millrace request withdraw 6b1c... --why "asked twice"', does: 'One of my own' }],
  async run({ options, operands, terminal }) {
    const { withdrawRequestContract } = await import('@millrace/api/fleet');
    tellDecided(await callServer(options, withdrawRequestContract, decision(operands, options), terminal), terminal);
    return undefined;
  },
});
