import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { text } from '../framework/option.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const configEndEnrolment = command({
  name: 'config end-enrolment',
  summary: 'End an enrolment of an application: its token is refused at once',
  description: `Instances that have it are told nothing any more; they go on with what they know until that expires, and
    with what they log in with until that is rotated or revoked. Enrol the application again before, and restart them.`,
  operands: [
    { name: 'APP', help: 'the application' },
    { name: 'ENROLMENT', help: 'as `config enrolments` lists them' },
  ],
  options: {
    why: text({ placeholder: 'TEXT', help: 'Why, for the audit log' }),
    ...serverOptions,
    ...destructiveOptions,
  },
  examples: [
    { command: 'millrace config end-enrolment shop 4v9k2m7q0x1d --yes', does: 'Its token asks for nothing any more' },
  ],
  async run({ options, operands: [name = '', id = ''], terminal }) {
    const { endEnrolmentContract } = await import('@millrace/api/config');
    const { why, dryRun } = options;
    if (dryRun) {
      if (terminal.json) terminal.output.json({ dryRun: true, application: name, id });
      else terminal.output.line(`Would end the enrolment ${id} of ${name}.`);
      return undefined;
    }
    if (!(await confirm(terminal, options, `end the enrolment ${id} of ${name}`))) return exitCodes.failed;
    const input = { params: { name, id }, query: why === undefined ? {} : { why } };
    const ended = await callServer(options, endEnrolmentContract, input, terminal);
    if (terminal.json) terminal.output.json(ended);
    else terminal.output.line(`Ended the enrolment ${ended.id} of ${ended.application}.`);
    return undefined;
  },
});
