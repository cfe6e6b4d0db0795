/**
 * Waits between tries at what somebody else changed first: longer each time, and by chance, so that those who stood in
 * each other's way do not again. What stands in the way may be on its way to the disk, and be read only once it is
 * there: so even a short wait lets the disk answer.
 */
import { type Randomness, sleep, type Timers } from '@millrace/base';
import { GraphError } from '../graph-error.ts';

export interface PatienceOptions {
  readonly timers: Timers;
  readonly randomness: Randomness;
}

const TRIES_MAX = 60;
const WAIT_MS_MAX = 250;

export class Patience {
  readonly #options: PatienceOptions;
  readonly #what: string;
  #tries = 0;

  /** `what` could not be changed, in a sentence. */
  constructor(options: PatienceOptions, what: string) {
    this.#options = options;
    this.#what = what;
  }

  /** Before each try; the first does not wait. Throws `contended` after many. */
  async next(): Promise<void> {
    const tries = this.#tries++;
    if (tries === 0) return;
    if (tries === TRIES_MAX) throw new GraphError('contended', `others changed ${this.#what} each time; try again`);
    const { timers, randomness } = this.#options;
    await sleep(timers, randomness.integer(Math.min(WAIT_MS_MAX, 2 ** tries)));
  }
}
