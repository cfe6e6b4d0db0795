import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const refuse = command({
  name: 'refuse',
  summary: 'Refuse a request that waits',
  operands: [{ name: 'ID', help: 'as `request list` has it' }],
  options: {
    why: text({ placeholder: 'TEXT', help: 'The reason, for the requester and the audit log' }),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace refuse 6b1c... --why "use shop.orders"', does: 'With the reason that the requester reads' },
  ],
  async run({ options, operands, terminal }) {
    const { refuseRequestContract } = await import('@millrace/api/fleet');
    const { why } = options;
    if (why === undefined) throw new UsageError('a refusal needs its reason: --why TEXT');
    const body = { reason: why };
    const request = await callServer(
      options,
      refuseRequestContract,
      { params: { id: operands[0] as string }, body },
      terminal,
    );
    if (terminal.json) terminal.output.json(request);
    else terminal.output.line(`${request.title}: ${request.state}`);
    return undefined;
  },
});
