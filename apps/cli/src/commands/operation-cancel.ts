import { command } from '../framework/command.ts';
import { operationOperand, whyOption } from '../operations/operation-options.ts';
import { outcomeLine } from '../operations/operation-text.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const operationCancel = command({
  name: 'operation cancel',
  summary: 'Stop an operation after what it is doing',
  description: 'What was done stays done; `operation resume` goes on with the rest.',
  operands: [operationOperand],
  options: { ...whyOption, ...serverOptions },
  examples: [{ command: 'millrace operation cancel 4v9k2m7q0x1d', does: 'Stop it' }],
  async run({ options, operands, terminal }) {
    const { cancelOperationContract } = await import('@millrace/api/fleet');
    const input = { params: { id: operands[0] ?? '' }, body: { why: options.why } };
    const operation = await callServer(options, cancelOperationContract, input, terminal);
    if (terminal.json) terminal.output.json(operation);
    else terminal.output.line(outcomeLine(operation));
    return undefined;
  },
});
