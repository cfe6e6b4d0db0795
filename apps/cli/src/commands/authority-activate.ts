import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { text } from '../framework/option.ts';
import { printable } from '../framework/printable.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const authorityActivate = command({
  name: 'authority activate',
  summary: 'Have the next authority sign from now on',
  description: `Clusters that do not trust it refuse what it signs. What the one before has signed stays valid; findings
    tell which applications still have such a certificate.`,
  operands: [],
  options: {
    why: text({ placeholder: 'TEXT', help: 'Why, for the audit log' }),
    ...destructiveOptions,
    ...serverOptions,
  },
  examples: [{ command: 'millrace authority activate', does: 'When all clusters trust it' }],
  async run({ options, terminal }) {
    const { activateAuthorityContract } = await import('@millrace/api/fleet');
    if (options.dryRun) {
      terminal.note('The next authority would sign from now on.');
      return undefined;
    }
    if (!(await confirm(terminal, options, 'have the next authority sign, which all clusters must trust'))) {
      return exitCodes.failed;
    }
    const body = { ...(options.why !== undefined && { why: options.why }) };
    const activated = await callServer(options, activateAuthorityContract, { body }, terminal);
    if (terminal.json) terminal.output.json(activated);
    else terminal.output.line(printable(`${activated.id} signs from now on.`));
    return undefined;
  },
});
