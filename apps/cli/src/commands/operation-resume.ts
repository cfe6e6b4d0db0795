import { command } from '../framework/command.ts';
import { flag } from '../framework/option.ts';
import { operationOperand, whyOption } from '../operations/operation-options.ts';
import { outcomeLine } from '../operations/operation-text.ts';
import { callServer, findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const operationResume = command({
  name: 'operation resume',
  summary: 'Go on with an operation that failed or was cancelled',
  description: 'Steps that are done are not done again. Follows it to its end, unless --detach is given.',
  operands: [operationOperand],
  options: {
    detach: flag({ help: 'Leave it to itself; `operation watch` follows it' }),
    ...whyOption,
    ...serverOptions,
  },
  examples: [{ command: 'millrace operation resume 4v9k2m7q0x1d', does: 'Try again where it failed' }],
  async run({ options, operands, terminal }) {
    const { resumeOperationContract } = await import('@millrace/api/fleet');
    const input = { params: { id: operands[0] ?? '' }, body: { why: options.why } };
    const operation = await callServer(options, resumeOperationContract, input, terminal);
    if (!options.detach) {
      const { watchOperation } = await import('../operations/watch-operation.ts');
      return await watchOperation(await findServer(options), operation.id, terminal);
    }
    if (terminal.json) terminal.output.json(operation);
    else terminal.output.line(outcomeLine(operation));
    return undefined;
  },
});
