import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const tokenRevoke = command({
  name: 'token revoke',
  summary: 'Revoke a token, with those that were made with it',
  operands: [{ name: 'NAME', help: 'Of a token' }],
  options: { ...serverOptions, ...destructiveOptions },
  examples: [{ command: 'millrace token revoke ci --yes', does: 'Nobody gets in with it from then on' }],
  async run({ options, operands, terminal }) {
    const { revokeTokenContract } = await import('@millrace/api/fleet');
    const name = operands[0] as string;
    if (options.dryRun) {
      if (terminal.json) terminal.output.json({ dryRun: true, name });
      else terminal.output.line(`Would revoke the token ${name}, and those that were made with it.`);
      return undefined;
    }
    if (!(await confirm(terminal, options, `revoke the token ${name}`))) return exitCodes.failed;
    const revoked = await callServer(options, revokeTokenContract, { params: { name } }, terminal);
    if (terminal.json) terminal.output.json(revoked);
    else terminal.output.line(`Revoked ${revoked.name}.`);
    return undefined;
  },
});
