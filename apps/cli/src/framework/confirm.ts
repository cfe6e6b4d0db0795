/** The question before something is destroyed. */
import { createInterface } from 'node:readline/promises';
import { flag } from './option.ts';
import { printable } from './printable.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** Options of every destructive command. */
export const destructiveOptions = {
  yes: flag({ help: 'Do it without asking', short: 'y' }),
  dryRun: flag({ help: 'Show what would be done, and do nothing' }),
} as const;

/**
 * Says what will be done and asks for consent; true when it was given, by `--yes` or by answer. Without a terminal and
 * without `--yes` nobody can be asked, which is wrong usage.
 */
export async function confirm(terminal: Terminal, options: { yes: boolean }, deed: string): Promise<boolean> {
  if (options.yes) return true;
  if (!terminal.canAsk) {
    throw new UsageError(`this would ${deed}, and there is no terminal to ask on`, {
      hint: 'Give --yes to do it, or --dry-run to see what it would do.',
    });
  }
  const questions = createInterface({ input: terminal.stdin, output: process.stderr });
  try {
    const answer = await questions.question(`This will ${printable(deed)}. Go on? [y/N] `, { signal: terminal.signal });
    if (/^y(es)?$/i.test(answer.trim())) return true;
    terminal.note('Nothing was changed.');
    return false;
  } finally {
    questions.close();
  }
}
