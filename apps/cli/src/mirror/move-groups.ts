/** Moves consumer groups alone between the two sides of a mirror, for the commands that move whole mirrors. */
import type { FailoverSides } from '@millrace/mirror';
import { confirm } from '../framework/confirm.ts';
import { type ExitCode, exitCodes } from '../framework/exit-codes.ts';
import { many } from '../framework/option.ts';
import { counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { namesIn } from './mirror-choice.ts';

export const onlyGroupsOption = many(
  { placeholder: 'A,B', help: 'Move these consumer groups alone, once they have stopped; topics are copied on' },
  namesIn,
);

export interface GroupMove {
  readonly direction: 'forward' | 'back';
  readonly groups: readonly (string | RegExp)[];
  /** Where they go to. */
  readonly to: string;
  readonly waitMs?: number | undefined;
}

/** Answers the command's exit code. */
export async function moveOnlyGroups(
  sides: FailoverSides,
  { direction, groups, to, waitMs }: GroupMove,
  options: { readonly yes: boolean; readonly dryRun: boolean },
  terminal: Terminal,
): Promise<ExitCode | undefined> {
  const { output, json } = terminal;
  const deed = `move ${counted(groups.length, 'group or pattern', 'groups or patterns')} to ${to}`;
  if (options.dryRun) {
    if (json) output.json({ mirror: sides.name, dryRun: true, groups: groups.map(String) });
    else output.line(`Would ${deed}: ${groups.map(String).join(', ')}.`);
    return undefined;
  }
  if (!(await confirm(terminal, options, deed))) return exitCodes.failed;
  const { moveGroups } = await import('@millrace/mirror');
  const moved = await moveGroups({ ...sides, direction, groups, waitMs });
  if (json) output.json({ mirror: sides.name, groups: moved });
  else if (moved.length === 0) output.line('None of these groups has offsets of topics of the mirror.');
  for (const { group, synced, skipped } of json ? [] : moved) {
    const left = skipped === 0 ? '' : `; in ${counted(skipped, 'partition')} it stood farther there, and stays so`;
    output.line(`Moved ${group} to ${to}: ${counted(synced, 'partition')}${left}.`);
  }
  return moved.length === 0 ? exitCodes.failed : undefined;
}
