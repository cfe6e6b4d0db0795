import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';

import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const approve = command({
  name: 'approve',
  summary: 'Approve a request that waits; never one of your own',
  operands: [{ name: 'ID', help: 'as `request list` has it' }],
  options: {
    why: text({ placeholder: 'TEXT', help: 'The reason, for the requester and the audit log' }),
    ...serverOptions,
  },
  examples: [{ command: 'millrace approve 6b1c...', does: 'As an owner of the team, or an admin' }],
  async run({ options, operands, terminal }) {
    const { approveRequestContract } = await import('@millrace/api/fleet');
    const { why } = options;

    const body = why === undefined ? {} : { reason: why };
    const request = await callServer(
      options,
      approveRequestContract,
      { params: { id: operands[0] as string }, body },
      terminal,
    );
    if (terminal.json) terminal.output.json(request);
    else terminal.output.line(`${request.title}: ${request.state}`);
    return undefined;
  },
});
