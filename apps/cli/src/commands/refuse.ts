import { command } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { decision, reasonOption, requestOperand, tellDecided } from '../onboarding/decide-request.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const refuse = command({
  name: 'refuse',
  summary: 'Refuse a request that waits',
  operands: [requestOperand],
  options: { ...reasonOption, ...serverOptions },
  examples: [
    { command: 'millrace refuse 6b1c... --why "use shop.orders"', does: 'With the reason that the requester reads' },
  ],
  async run({ options, operands, terminal }) {
    const { refuseRequestContract } = await import('@millrace/api/fleet');
    const { why } = options;
    if (why === undefined) throw new UsageError('a refusal needs its reason: --why TEXT');
    const { params } = decision(operands, options);
    const body = { reason: why };
    tellDecided(await callServer(options, refuseRequestContract, { params, body }, terminal), terminal);
    return undefined;
  },
});
