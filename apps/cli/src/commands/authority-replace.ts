import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { printable } from '../framework/printable.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const authorityReplace = command({
  name: 'authority replace',
  summary: 'Make the next authority, which signs nothing yet',
  description: `Have all clusters trust it beside the one that signs (authority show --bundle);
    activate it (authority activate); have applications issued certificates anew; then forget the former one.`,
  operands: [],
  options: { why: text({ placeholder: 'TEXT', help: 'Why, for the audit log' }), ...serverOptions },
  examples: [{ command: 'millrace authority replace', does: 'The first of three steps' }],
  async run({ options, terminal }) {
    const { makeAuthorityContract } = await import('@millrace/api/fleet');
    const body = { ...(options.why !== undefined && { why: options.why }) };
    const made = await callServer(options, makeAuthorityContract, { body }, terminal);
    if (terminal.json) terminal.output.json(made);
    else {
      terminal.output.line(printable(`Made ${made.id}, which signs nothing yet.`));
      terminal.output.line(
        'Have clusters trust it: millrace authority show --bundle; then: millrace authority activate',
      );
    }
    return undefined;
  },
});
