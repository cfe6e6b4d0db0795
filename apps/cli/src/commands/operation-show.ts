import { command } from '../framework/command.ts';
import { operationOperand } from '../operations/operation-options.ts';
import { detailLines } from '../operations/operation-text.ts';
import { findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const operationShow = command({
  name: 'operation show',
  summary: 'Show an operation with its steps',
  operands: [operationOperand],
  options: serverOptions,
  examples: [{ command: 'millrace operation show 4v9k2m7q0x1d', does: 'How far it is, and what went wrong' }],
  async run({ options, operands, terminal }) {
    const { wholeOperation } = await import('../operations/all-steps.ts');
    const operation = await wholeOperation(await findServer(options), operands[0] ?? '', terminal.signal);
    if (terminal.json) terminal.output.json(operation);
    else for (const line of detailLines(operation)) terminal.output.line(line);
    return undefined;
  },
});
