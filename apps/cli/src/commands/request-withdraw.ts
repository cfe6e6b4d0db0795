import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';

import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const requestWithdraw = command({
  name: 'request withdraw',
  summary: 'Take a request back that waits or has failed',
  operands: [{ name: 'ID', help: 'as `request list` has it' }],
  options: {
    why: text({ placeholder: 'TEXT', help: 'The reason, for the requester and the audit log' }),
    ...serverOptions,
  },
  examples: [{ command: 'millrace request withdraw 6b1c... --why "asked twice"', does: 'One of my own' }],
  async run({ options, operands, terminal }) {
    const { withdrawRequestContract } = await import('@millrace/api/fleet');
    const { why } = options;

    const body = why === undefined ? {} : { reason: why };
    const request = await callServer(
      options,
      withdrawRequestContract,
      { params: { id: operands[0] as string }, body },
      terminal,
    );
    if (terminal.json) terminal.output.json(request);
    else terminal.output.line(`${request.title}: ${request.state}`);
    return undefined;
  },
});
