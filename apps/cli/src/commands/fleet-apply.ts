import { MillraceError } from '@millrace/base';
import { confirmPruned } from '../fleet/confirm-pruned.ts';
import { fleetRequest, fleetScopeOptions } from '../fleet/fleet-options.ts';
import { followOperation } from '../fleet/follow-operation.ts';
import { differenceLines, noteRest } from '../fleet/show-difference.ts';
import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { flag, text } from '../framework/option.ts';
import { counted } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

/** The operation did not do all that was planned. */
class ApplyFailedError extends MillraceError {
  readonly code = 'apply_failed';
}

export const fleetApply = command({
  name: 'fleet apply',
  summary: 'Bring the record to a fleet file, and the clusters to the record',
  description: `What the file declares goes into the record, and clusters are made to be as the record says: topics
    created, partitions added, settings set and unset, ACLs and quotas created. Without a file, clusters are brought to
    the record as it is. Applied twice it does nothing the second time. Nothing is deleted that was not named by --delete
    or --prune; what is on a cluster and not declared is told and stays.`,
  operands: [{ name: 'FILE', help: 'a fleet file, whole or in part', optional: true }],
  options: {
    ...fleetScopeOptions,
    why: text({ placeholder: 'TEXT', help: 'Why, for the audit log' }),
    detach: flag({ help: 'Do not wait for it: print the operation and leave' }),
    ...destructiveOptions,
    ...serverOptions,
  },
  examples: [
    { command: 'millrace fleet apply fleet.yaml --dry-run', does: 'What it would do' },
    { command: 'millrace fleet apply fleet.yaml', does: 'Do it, and ask before anything is lost' },
    { command: 'millrace fleet apply --delete topic/east/orders', does: 'Delete a topic, and forget it' },
    { command: 'millrace fleet apply fleet.yaml --prune acl=3 --yes', does: 'Delete the 3 ACLs that the file lacks' },
  ],
  async run({ options, operands, terminal }) {
    const { applyPlanContract, diffDeclaredContract, makePlanContract } = await import('@millrace/api/fleet');
    const { output } = terminal;
    const input = await fleetRequest(operands[0], options);
    const { differences, refused, told } = await callServer(options, diffDeclaredContract, { body: input }, terminal);
    if (!terminal.json || options.dryRun) {
      noteRest(terminal, refused, told);
      if (!terminal.json) for (const line of differenceLines(differences)) output.line(line);
    }
    if (refused.length > 0)
      throw new ApplyFailedError(`nothing was changed: ${counted(refused.length, 'thing')} of this can't be done`);
    if (differences.length === 0 || options.dryRun) {
      const what =
        differences.length === 0 ? 'There is nothing to do.' : `Would make ${counted(differences.length, 'change')}.`;
      if (terminal.json) output.json({ dryRun: options.dryRun, differences, told, operation: null });
      else output.line(what);
      return undefined;
    }
    if (!(await confirmPruned(terminal, options.prune, differences))) return exitCodes.failed;
    const plan = await callServer(options, makePlanContract, { body: { kind: 'fleet_apply', input } }, terminal);
    const losses = plan.steps.filter(({ destructive }) => destructive).map(({ title }) => title);
    if (losses.length > 0 && !(await confirm(terminal, options, losses.join('; ')))) return exitCodes.failed;
    const body = { confirm: true, ...(options.why !== undefined && { why: options.why }) };
    const begun = await callServer(options, applyPlanContract, { params: { id: plan.id }, body }, terminal);
    if (options.detach) {
      if (terminal.json) output.json({ dryRun: false, differences, told, operation: begun.id });
      else output.line(`Operation ${begun.id} does it: \`millrace operation watch ${begun.id}\`.`);
      return undefined;
    }
    const operation = await followOperation(options, begun.id, 'applying', terminal);
    if (operation.state !== 'done') {
      const { failure } = operation;
      const reason = failure === null ? '' : `: ${failure.step === null ? '' : `${failure.step}: `}${failure.message}`;
      throw new ApplyFailedError(`operation ${operation.id} is ${operation.state}${reason}`, {
        hint: `What was done stays; \`millrace operation resume ${operation.id}\` does the rest, and so does another apply.`,
      });
    }
    if (terminal.json) output.json({ dryRun: false, differences, told, operation: operation.id });
    else output.line(`Made ${counted(differences.length, 'change')} (operation ${operation.id}).`);
    return undefined;
  },
});
