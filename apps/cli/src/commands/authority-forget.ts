import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { printable } from '../framework/printable.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const authorityForget = command({
  name: 'authority forget',
  summary: 'Forget a former certificate authority, or the next one',
  description: 'A former one goes when nothing that it has signed is valid any more. Then take it out of truststores.',
  operands: [{ name: 'ID', help: 'as `authority show` has it' }],
  options: { ...destructiveOptions, ...serverOptions },
  examples: [{ command: 'millrace authority forget 5f3c...', does: 'The last step of a replacement' }],
  async run({ options, operands, terminal }) {
    const { forgetAuthorityContract } = await import('@millrace/api/fleet');
    const [id = ''] = operands;
    if (options.dryRun) {
      terminal.note(`The authority ${id} would be forgotten.`);
      return undefined;
    }
    if (!(await confirm(terminal, options, `forget the authority ${id}`))) return exitCodes.failed;
    const forgotten = await callServer(options, forgetAuthorityContract, { params: { id } }, terminal);
    if (terminal.json) terminal.output.json(forgotten);
    else terminal.output.line(printable(`Forgot ${forgotten.id}.`));
    return undefined;
  },
});
