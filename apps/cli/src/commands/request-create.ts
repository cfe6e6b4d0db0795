import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { flag, text } from '../framework/option.ts';
import { askedFor, newTopicOptions } from '../onboarding/asked-for.ts';
import { requestText } from '../onboarding/request-text.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const requestCreate = command({
  name: 'request create',
  summary: 'Ask for a topic, access to one, a change, a promotion or a retirement',
  description: `Policies decide: refuse, ask a person, or approve at once. --preview shows what they would say, which
    clusters have room and what it costs, and stores nothing. A new topic can be described by options; everything
    else, and all that options do not say, by a file of JSON as the API takes it in its field "asked".`,
  operands: [{ name: 'FILE', help: 'The request as JSON; - for stdin', optional: true }],
  options: {
    preview: flag({ help: 'Show what would come of it; store nothing' }),
    arithmetic: flag({ help: 'Show each step of the calculation' }),
    why: text({ placeholder: 'TEXT', help: 'For whoever decides' }),
    ...newTopicOptions,
    ...serverOptions,
  },
  examples: [
    {
      command: 'millrace request create --topic shop.orders --owner shop --rate 200 --record-bytes 900 --preview',
      does: 'What would come of it',
    },
    { command: 'millrace request create access.json --why "for the ledger"', does: 'Whatever the file asks for' },
  ],
  async run({ options, operands, terminal }) {
    const { createRequestContract } = await import('@millrace/api/fleet');
    const asked = await askedFor(operands[0], options, terminal);
    const body = { asked, ...(options.why !== undefined && { why: options.why }) };
    const query = options.preview ? { preview: true } : {};
    const request = await callServer(options, createRequestContract, { query, body }, terminal);
    if (terminal.json) terminal.output.json(request);
    else for (const line of requestText(request, options.arithmetic)) terminal.output.line(line);
    return request.state === 'refused' ? exitCodes.failed : undefined;
  },
});
