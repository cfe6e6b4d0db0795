import { command } from '../framework/command.ts';
import { operationOperand } from '../operations/operation-options.ts';
import { findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const operationWatch = command({
  name: 'operation watch',
  summary: 'Follow an operation to its end',
  description: 'Prints what happens as it happens. Exits with 1 when the operation fails or is cancelled.',
  operands: [operationOperand],
  options: serverOptions,
  examples: [{ command: 'millrace operation watch 4v9k2m7q0x1d --json', does: 'An event a line, the operation last' }],
  async run({ options, operands, terminal }) {
    const { watchOperation } = await import('../operations/watch-operation.ts');
    return await watchOperation(await findServer(options), operands[0] ?? '', terminal);
  },
});
