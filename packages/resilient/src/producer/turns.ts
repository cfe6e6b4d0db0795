/** Sends that wait for room, one after the other in the order of their calls, so that none overtakes another. */
import { abortable } from '@millrace/client/protocol';

export class Turns {
  #last: Promise<void> | undefined;

  /** Whether somebody waits. */
  get isBusy(): boolean {
    return this.#last !== undefined;
  }

  /** Waits for its turn and then for room; calls `act` in the turn of the event loop in which there is some. */
  async take<Result>(
    room: { readonly isThere: () => boolean; readonly comes: () => Promise<void> },
    act: () => Result,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    const before = this.#last;
    const mine = Promise.withResolvers<void>();
    this.#last = mine.promise;
    try {
      if (before !== undefined) await abortable(before, signal);
      while (!room.isThere()) await room.comes();
      return act();
    } finally {
      if (this.#last === mine.promise) this.#last = undefined;
      // Who gives up lets nobody pass who came before.
      mine.resolve(before);
    }
  }
}
