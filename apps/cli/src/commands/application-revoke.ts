import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { many, text } from '../framework/option.ts';
import { watchOperation } from '../operations/watch-operation.ts';
import { callServer, findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const applicationRevoke = command({
  name: 'application revoke',
  summary: 'Shut an application out of its clusters at once',
  description: `Its principals are denied everything, on connections that are open too; then their passwords are
    deleted. \`application issue\` lets it in again, with a new password.`,
  operands: [{ name: 'NAME', help: 'the application' }],
  options: {
    principal: many(
      { placeholder: 'PRINCIPAL', help: 'Only this one (User:orders.a); may be given again' },
      (one) => one,
    ),
    why: text({ placeholder: 'TEXT', help: 'Why, for the audit log' }),
    ...destructiveOptions,
    ...serverOptions,
  },
  examples: [{ command: 'millrace application revoke orders --why "a laptop was lost"', does: 'Asks, then does it' }],
  async run({ options, operands, terminal }) {
    const { getApplicationContract, revokeCredentialsContract } = await import('@millrace/api/fleet');
    const params = { name: operands[0] as string };
    const { principals: all } = await callServer(options, getApplicationContract, { params }, terminal);
    const principals = options.principal.length > 0 ? [...options.principal] : all;
    if (options.dryRun) {
      if (terminal.json) terminal.output.json({ dryRun: true, principals });
      else terminal.output.line(`Would deny ${principals.join(', ')} everything, and delete their passwords.`);
      return undefined;
    }
    if (!(await confirm(terminal, options, `shut out ${principals.join(', ')}`))) return exitCodes.failed;
    const body = {
      ...(options.principal.length > 0 && { principals }),
      ...(options.why !== undefined && { why: options.why }),
    };
    const { operation } = await callServer(options, revokeCredentialsContract, { params, body }, terminal);
    return await watchOperation(await findServer(options), operation, terminal);
  },
});
