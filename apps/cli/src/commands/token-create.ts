import { command } from '../framework/command.ts';
import { choice, integer, many, withDefault } from '../framework/option.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const tokenCreate = command({
  name: 'token create',
  summary: 'Make a token, and print it once',
  description: `A token may do no more than you may, at any time: what you lose, it loses. It is printed once and kept
    nowhere; revoke it with \`token revoke\`, which also revokes those that were made with it.`,
  operands: [{ name: 'NAME', help: 'What it is for: letters, digits, ., -, _ and @' }],
  options: {
    role: withDefault(
      choice({ help: 'What it may do; `member` and `owner` hold for --team' }, ['viewer', 'member', 'owner', 'admin']),
      'viewer',
    ),
    team: many({ placeholder: 'TEAM', help: 'A team for which the role holds; may be given again' }, (text) => text),
    days: withDefault(integer({ placeholder: 'N', help: 'Days until it expires' }, { min: 1, max: 366 }), 90),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace token create ci --role owner --team orders', does: 'For a pipeline of the team orders' },
    { command: 'millrace token create grafana > grafana.token', does: 'One that may only look, into a file' },
  ],
  async run({ options, operands, terminal }) {
    const { createTokenContract } = await import('@millrace/api/fleet');
    const { role, team, days } = options;
    const body = {
      name: operands[0] as string,
      role,
      expiresInDays: days,
      ...(team.length > 0 && { teams: [...team] }),
    };
    const { token, secret } = await callServer(options, createTokenContract, { body }, terminal);
    if (terminal.json) terminal.output.json({ token, secret });
    else terminal.output.line(secret);
    terminal.note(`It expires on ${token.expiresAt.slice(0, 10)}, and is not shown again.`);
    return undefined;
  },
});
