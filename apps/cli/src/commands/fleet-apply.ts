import { callContract } from '@millrace/api';
import { MillraceError } from '@millrace/base';
import { confirmPruned } from '../fleet/confirm-pruned.ts';
import { fleetRequest, fleetScopeOptions } from '../fleet/fleet-options.ts';
import { differenceLines, noteRest } from '../fleet/show-difference.ts';
import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { counted } from '../framework/table.ts';
import { planOptions, runPlan } from '../operations/run-plan.ts';
import { findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

/** Something that is asked for can't be done; nothing was changed. */
class ApplyRefusedError extends MillraceError {
  readonly code = 'apply_refused';
}

export const fleetApply = command({
  name: 'fleet apply',
  summary: 'Bring the record to a fleet file, and the clusters to the record',
  description: `What the file declares goes into the record, and clusters are made to be as the record says: topics
    created, partitions added, settings set and unset, ACLs and quotas created. Without a file, clusters are brought to
    the record as it is. Applied twice it does nothing the second time. Nothing is deleted that was not named by
    --delete or --prune; what is on a cluster and not declared is told and stays.`,
  operands: [{ name: 'FILE', help: 'a fleet file, whole or in part', optional: true }],
  options: {
    ...fleetScopeOptions,
    ...planOptions,
    ...serverOptions,
  },
  examples: [
    { command: 'millrace fleet apply fleet.yaml --dry-run', does: 'What it would do' },
    { command: 'millrace fleet apply fleet.yaml', does: 'Show it, ask, and do it' },
    { command: 'millrace fleet apply --delete topic/east/orders', does: 'Delete a topic, and forget it' },
    { command: 'millrace fleet apply fleet.yaml --prune acl=3 --yes', does: 'Delete the 3 ACLs that the file lacks' },
  ],
  async run({ options, operands, terminal }) {
    const { diffDeclaredContract } = await import('@millrace/api/fleet');
    const { output, json, signal } = terminal;
    const input = await fleetRequest(operands[0], options);
    const server = await findServer(options);
    const call = { token: server.token, signal };
    const { differences, refused, told } = await callContract(server.url, diffDeclaredContract, { body: input }, call);
    if (!json) for (const line of differenceLines(differences)) output.line(line);
    if (refused.length > 0) {
      noteRest(terminal, refused, []);
      throw new ApplyRefusedError(`nothing was changed: ${counted(refused.length, 'thing')} of this can't be done`);
    }
    if (differences.length === 0 || options.dryRun) {
      if (json) output.json({ dryRun: options.dryRun, differences, told });
      else {
        noteRest(terminal, [], told);
        const isSame = differences.length === 0;
        output.line(isSame ? 'There is nothing to do.' : `Would make ${counted(differences.length, 'change')}.`);
      }
      return undefined;
    }
    if (!(await confirmPruned(terminal, options.prune, differences))) return exitCodes.failed;
    return await runPlan(server, { kind: 'fleet_apply', input }, options, terminal);
  },
});
