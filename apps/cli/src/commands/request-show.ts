import { command } from '../framework/command.ts';
import { flag } from '../framework/option.ts';
import { requestOperand, requestParams } from '../onboarding/decide-request.ts';
import { requestText } from '../onboarding/request-text.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const requestShow = command({
  name: 'request show',
  summary: 'Show a request, what policies said of it, and how it goes',
  operands: [requestOperand],
  options: { arithmetic: flag({ help: 'Show each step of the calculation' }), ...serverOptions },
  examples: [{ command: 'millrace request show 6b1c... --arithmetic', does: 'With all that was calculated' }],
  async run({ options, operands, terminal }) {
    const { showRequestContract } = await import('@millrace/api/fleet');
    const params = requestParams(operands);
    const request = await callServer(options, showRequestContract, { params }, terminal);
    if (terminal.json) terminal.output.json(request);
    else for (const line of requestText(request, options.arithmetic)) terminal.output.line(line);
    return undefined;
  },
});
