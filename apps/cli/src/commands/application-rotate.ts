import { command } from '../framework/command.ts';
import { integer, text } from '../framework/option.ts';
import { outOption, tellIssued } from '../identity/secret-text.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const applicationRotate = command({
  name: 'application rotate',
  summary: 'Replace the password of an application while it runs',
  description: `Issues the other one of its two users a password, with equal rights, and shows it once. Both are valid
    until \`application confirm\` says that the application uses the new one; then the old one is denied and deleted.`,
  operands: [{ name: 'NAME', help: 'the application' }],
  options: {
    grace: integer({ placeholder: 'SECONDS', help: 'The old one goes after this time in any case' }, { min: 0 }),
    why: text({ placeholder: 'TEXT', help: 'Why, for the audit log' }),
    ...outOption,
    ...serverOptions,
  },
  examples: [
    { command: 'millrace application rotate orders', does: 'A new password; the old one stays until it is confirmed' },
    { command: 'millrace application rotate orders --grace 86400', does: 'The old one goes in a day at the latest' },
  ],
  async run({ options, operands, terminal }) {
    const { rotateCredentialContract } = await import('@millrace/api/fleet');
    const { grace, why } = options;
    const body = { ...(grace !== undefined && { graceSeconds: grace }), ...(why !== undefined && { why }) };
    const name = operands[0] as string;
    const issued = await callServer(options, rotateCredentialContract, { params: { name }, body }, terminal);
    await tellIssued(issued, options, terminal);
    terminal.note(`Once the application uses it: millrace application confirm ${name}`);
    return undefined;
  },
});
