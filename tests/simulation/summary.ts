/** What seeds covered, as a line for people. */
import type { SeedsResult } from './run-seeds.ts';

export function coverageLine({ runs, failures, coverage }: SeedsResult): string {
  const counts = Object.entries(coverage).map(([what, count]) => `${what} ${count}`);
  const events = runs.reduce((sum, run) => sum + run.events, 0);
  return `${runs.length} seeds held, ${failures.length} failed; ${events} events; ${counts.join(', ')}`;
}
