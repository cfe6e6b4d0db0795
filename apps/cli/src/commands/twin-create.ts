import { command } from '../framework/command.ts';
import { integer, text } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import { planOptions, runPlan } from '../operations/run-plan.ts';
import { findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const twinCreate = command({
  name: 'twin create',
  summary: 'Make an embedded cluster of the shape of another one',
  description: `With its brokers, racks, topics, partitions, configurations, access and quotas; without its records, and
    without credentials of its users, which are issued on the twin. It runs within \`millrace up\`, and is there again
    after a restart.`,
  operands: [{ name: 'NAME', help: 'how the twin shall be called' }],
  options: {
    of: text({ placeholder: 'CLUSTER', help: 'The cluster whose shape it gets' }),
    brokers: integer({ placeholder: 'N', help: 'How many brokers (default: as many as the other)' }, { min: 1 }),
    environment: text({ placeholder: 'NAME', help: 'Its environment (default: qa, where that is declared)' }),
    ...planOptions,
    ...serverOptions,
  },
  examples: [
    { command: 'millrace twin create qa-east --of east', does: 'A QA cluster for production' },
    { command: 'millrace twin create try --of east --brokers 1 --yes', does: 'A small one' },
  ],
  async run({ options, operands, terminal }) {
    const [name = ''] = operands;
    const { of: source, brokers, environment } = options;
    if (source === undefined) throw new UsageError('--of is missing: the cluster whose shape the twin gets');
    const input = { name, source, ...(brokers !== undefined && { brokers }), ...(environment && { environment }) };
    return await runPlan(await findServer(options), { kind: 'twin_create', input }, options, terminal);
  },
});
