import { fleetRequest, fleetScopeOptions } from '../fleet/fleet-options.ts';
import { differenceLines, noteRest } from '../fleet/show-difference.ts';
import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { flag } from '../framework/option.ts';
import { counted } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const fleetDiff = command({
  name: 'fleet diff',
  summary: 'Compare a fleet file with the record, and the record with the clusters',
  description: `Shows what \`fleet apply\` would change, what stands in its way, and what is on clusters without being
    declared. Without a file the record alone is compared with the clusters. The exit code is 0 when an apply would
    change nothing, and 3 otherwise.`,
  operands: [{ name: 'FILE', help: 'a fleet file, whole or in part', optional: true }],
  options: {
    ...fleetScopeOptions,
    strict: flag({ help: 'What is not declared, not in the file, or out of reach counts as a difference as well' }),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace fleet diff', does: 'Whether clusters are as they are declared' },
    { command: 'millrace fleet diff fleet.yaml', does: 'What applying the file would change' },
    { command: 'millrace fleet diff topics.yaml --kind topic --cluster east', does: 'Only topics, of one cluster' },
  ],
  async run({ options, operands, terminal }) {
    const { diffDeclaredContract } = await import('@millrace/api/fleet');
    const body = await fleetRequest(operands[0], options);
    const answer = await callServer(options, diffDeclaredContract, { body }, terminal);
    const { differences, refused, told } = answer;
    const isSame = differences.length === 0 && refused.length === 0 && !(options.strict && told.length > 0);
    if (terminal.json) terminal.output.json({ same: isSame, ...answer });
    else {
      noteRest(terminal, refused, told);
      for (const line of differenceLines(differences)) terminal.output.line(line);
      const summary = [
        ...(differences.length > 0 ? [counted(differences.length, 'difference')] : []),
        ...(refused.length > 0 ? [`${refused.length} refused`] : []),
      ];
      terminal.output.line(summary.length === 0 ? 'An apply would change nothing.' : `${summary.join(', ')}.`);
    }
    return isSame ? undefined : exitCodes.differences;
  },
});
