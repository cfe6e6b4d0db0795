/** Gives other work its turn now and then, from within a long loop. */
import { setImmediate as turn } from 'node:timers/promises';

/** How long a loop may keep the process from everything else. */
const turnMs = 5;

export class Turns {
  #endsAt = performance.now() + turnMs;

  /** Whether it is time for `next`. */
  get isOver(): boolean {
    return performance.now() > this.#endsAt;
  }

  async next(): Promise<void> {
    await turn();
    this.#endsAt = performance.now() + turnMs;
  }
}
