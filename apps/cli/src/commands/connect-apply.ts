import { command } from '../framework/command.ts';
import { many } from '../framework/option.ts';
import { planOptions, runPlan } from '../operations/run-plan.ts';
import { findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

const word = (given: string): string => given;

export const connectApply = command({
  name: 'connect apply',
  summary: 'Make connectors what they are declared to be',
  description: `Makes and configures them, pauses, resumes and stops them. Only what is named with --delete is deleted,
    and only when it is not declared. Secrets are references (env:NAME, file:PATH, or Connect's own \${provider:...}),
    read by the control plane when a connector is configured, and never shown.`,
  operands: [{ name: 'CONNECT/NAME', help: 'only these connectors', optional: true, many: true }],
  options: {
    connect: many({ placeholder: 'NAME', help: 'Only of this Connect cluster (may be repeated)' }, word),
    delete: many({ placeholder: 'CONNECT/NAME', help: 'Delete this connector (may be repeated)' }, word),
    ...planOptions,
    ...serverOptions,
  },
  examples: [
    { command: 'millrace connect apply --dry-run', does: 'See what differs from the record' },
    { command: 'millrace connect apply main/orders-sink --yes', does: 'One connector, without asking' },
  ],
  async run({ options, operands, terminal }) {
    const { connect, delete: doomed } = options;
    const input = {
      ...(connect.length > 0 && { connects: [...connect] }),
      ...(operands.length > 0 && { connectors: [...operands] }),
      ...(doomed.length > 0 && { delete: [...doomed] }),
    };
    return await runPlan(await findServer(options), { kind: 'connect_apply', input }, options, terminal);
  },
});
