import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const applicationConfirm = command({
  name: 'application confirm',
  summary: 'Say that an application uses its newest credential, and no older one',
  description: 'The older password is denied and deleted then; an older certificate may be replaced by the next one.',
  operands: [{ name: 'NAME', help: 'the application' }],
  options: {
    credential: text({ placeholder: 'ID', help: 'Another credential than the newest valid one' }),
    why: text({ placeholder: 'TEXT', help: 'Why, for the audit log' }),
    ...serverOptions,
  },
  examples: [{ command: 'millrace application confirm orders', does: 'Ends its rotation' }],
  async run({ options, operands, terminal }) {
    const { confirmCredentialContract, listCredentialsContract } = await import('@millrace/api/fleet');
    const name = operands[0] as string;
    const { credential, why } = options;
    const { items } = await callServer(options, listCredentialsContract, { params: { name } }, terminal);
    const id = credential ?? items.find(({ state }) => state === 'valid')?.id;
    if (id === undefined) throw new UsageError(`application ${name} has no valid credential`);
    const body = { ...(why !== undefined && { why }) };
    const view = await callServer(options, confirmCredentialContract, { params: { name, id }, body }, terminal);
    if (terminal.json) terminal.output.json(view);
    else terminal.output.line(`${name} uses ${view.principal}.`);
    return undefined;
  },
});
