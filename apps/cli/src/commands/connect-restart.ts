import { command } from '../framework/command.ts';
import { flag } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import { planOptions, runPlan } from '../operations/run-plan.ts';
import { findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const connectRestart = command({
  name: 'connect restart',
  summary: 'Restart what has failed of a connector',
  operands: [{ name: 'CONNECT/NAME', help: 'which connector' }],
  options: {
    all: flag({ help: 'The connector and all of its tasks, whether they have failed or not' }),
    ...planOptions,
    ...serverOptions,
  },
  examples: [{ command: 'millrace connect restart main/orders-sink', does: 'The tasks that have failed' }],
  async run({ options, operands, terminal }) {
    const [id = ''] = operands;
    const slash = id.indexOf('/');
    const [connect, connector] = [id.slice(0, Math.max(0, slash)), id.slice(slash + 1)];
    if (connect === '' || connector === '') throw new UsageError(`'${id}' is not CONNECT/NAME`);
    const input = { connect, connector, ...(options.all && { all: true }) };
    return await runPlan(await findServer(options), { kind: 'connect_restart', input }, options, terminal);
  },
});
