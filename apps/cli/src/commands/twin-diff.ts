import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { printable } from '../framework/printable.ts';
import { counted } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const twinDiff = command({
  name: 'twin diff',
  summary: 'Show what differs between a twin and the cluster that it is a twin of',
  description: `Topics, partitions, configurations, access, quotas and users, looked at now. Exits with 3 when anything
    differs. What only the twin has is named as \`twin sync --remove\` takes it.`,
  operands: [{ name: 'TWIN', help: 'a cluster that is declared as the twin of another' }],
  options: serverOptions,
  examples: [{ command: 'millrace twin diff qa-east', does: 'Whether QA is what production is' }],
  async run({ options, operands, terminal }) {
    const [twin = ''] = operands;
    const { twinDiffContract } = await import('@millrace/api/fleet');
    const diff = await callServer(options, twinDiffContract, { params: { twin } }, terminal);
    const { output } = terminal;
    if (terminal.json) output.json(diff);
    else if (diff.same) output.line(`${twin} is the same as ${diff.source}.`);
    else {
      for (const { text, fix, id } of diff.differences) {
        output.line(printable(fix === 'remove' ? `${text} (--remove '${id}')` : text));
      }
      const total = Object.values(diff.counts).reduce((sum, each) => sum + each, 0);
      output.line(`${counted(total, 'difference')} from ${diff.source}.`);
    }
    return diff.same ? undefined : exitCodes.differences;
  },
});
