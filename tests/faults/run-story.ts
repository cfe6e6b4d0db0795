/** What a run tells of itself. */
import { Coverage } from '../simulation/oracle/coverage.ts';

export interface RunOutcome {
  readonly seed: number;
  /** What was wrong, in words; empty when nothing was. */
  readonly problems: readonly string[];
  /** What happened, in order, for whoever looks for a cause. */
  readonly story: readonly string[];
  readonly coverage: Coverage;
}

export class RunStory {
  readonly seed: number;
  readonly problems: string[] = [];
  readonly story: string[] = [];
  readonly coverage = new Coverage();
  readonly #began = performance.now();

  constructor(seed: number) {
    this.seed = seed;
  }

  note(what: string): void {
    this.story.push(`${((performance.now() - this.#began) / 1000).toFixed(1)} s: ${what}`);
  }
}
