/**
 * Long work on many items, done in slices of a few milliseconds so that other requests have their turns between them.
 */
import type { Platform } from '@millrace/base';

/** How long it works at once; milliseconds. */
const sliceMs = 5;

export class TimeSlices {
  readonly #platform: Pick<Platform, 'clock' | 'timers'>;
  #until: number;

  constructor(platform: Pick<Platform, 'clock' | 'timers'>) {
    this.#platform = platform;
    this.#until = platform.clock.monotonic() + sliceMs;
  }

  get isOver(): boolean {
    return this.#platform.clock.monotonic() >= this.#until;
  }

  /** Ends the slice: others have their turn, then the next begins. */
  async rest(): Promise<void> {
    const { clock, timers } = this.#platform;
    await new Promise<void>((resolve) => timers.soon(resolve));
    this.#until = clock.monotonic() + sliceMs;
  }
}

/**
 * Does `work` for each item; answers what it answers, in the items' order. All that one slice begins goes on at once,
 * so that what they write shares a write, and the next slice begins once that is done. Rejects as the first that does.
 */
export async function inSlices<T, R>(
  platform: Pick<Platform, 'clock' | 'timers'>,
  items: Iterable<T>,
  work: (item: T) => R | Promise<R>,
): Promise<R[]> {
  const slices = new TimeSlices(platform);
  const results: R[] = [];
  let begun: (R | Promise<R>)[] = [];
  for (const item of items) {
    begun.push(work(item));
    if (!slices.isOver) continue;
    for (const result of await Promise.all(begun)) results.push(result);
    begun = [];
    await slices.rest();
  }
  for (const result of await Promise.all(begun)) results.push(result);
  return results;
}
