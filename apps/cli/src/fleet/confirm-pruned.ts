/** The question before everything of a kind goes that a file leaves out: how many things that are has to be said. */
import { createInterface } from 'node:readline/promises';
import type { FleetDifferenceItem } from '@millrace/api/fleet';
import { printable } from '../framework/printable.ts';
import { counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import type { Pruned } from './fleet-options.ts';

/**
 * True when the number of each kind was given (`--prune topic=12`) or typed. Consent to a number is consent to these
 * things: another number is refused.
 */
export async function confirmPruned(
  terminal: Terminal,
  pruned: readonly Pruned[],
  differences: readonly FleetDifferenceItem[],
): Promise<boolean> {
  for (const { kind, count } of pruned) {
    const doomed = differences.filter(
      (each) => each.cluster === undefined && each.action === 'delete' && each.kind === kind,
    );
    if (doomed.length === 0) continue;
    const names = doomed.map(({ id }) => id);
    const shown = `${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`;
    const deed = `delete ${counted(doomed.length, kind)} that the file leaves out: ${shown}`;
    if (count === undefined && !terminal.canAsk) {
      throw new UsageError(`this would ${deed}`, { hint: `Give --prune ${kind}=${doomed.length} to do it.` });
    }
    if (count !== undefined && count !== doomed.length) {
      throw new UsageError(`--prune ${kind}=${count}: it would ${deed}`);
    }
    if (count === undefined && !(await typed(terminal, deed, String(doomed.length)))) return false;
  }
  return true;
}

async function typed(terminal: Terminal, deed: string, word: string): Promise<boolean> {
  const questions = createInterface({ input: terminal.stdin, output: process.stderr });
  try {
    const question = `This will ${printable(deed)}.\nType how many that are to go on: `;
    const answer = await questions.question(question, terminal);
    if (answer.trim() === word) return true;
    terminal.note('Nothing was changed.');
    return false;
  } finally {
    questions.close();
  }
}
