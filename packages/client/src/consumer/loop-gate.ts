/**
 * The point between two batches, where a loop can be held while partitions come and go. Knows whether the loop has a
 * batch in hand, waits for one, or is not there at all.
 */
import type { Clock } from '@millrace/base';

export class LoopGate {
  readonly #clock: Clock;
  #holds = 0;
  #hasBatch = false;
  #isAsking = false;
  #awaySince: number;
  #askedAt = 0;
  #idleMs = 0;
  #busyMs = 0;
  #idle: PromiseWithResolvers<void> | undefined;
  #asked: PromiseWithResolvers<void> | undefined;
  #wakeup: PromiseWithResolvers<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#awaySince = clock.monotonic();
  }

  /** Whether nothing may be handed out just now. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Whether the loop has a batch in hand. */
  get hasBatch(): boolean {
    return this.#hasBatch;
  }

  /** How long the loop waited for batches in all. */
  get idleMs(): number {
    return this.#idleMs;
  }

  /** How long the loop had batches in hand in all. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /** How long the loop has not asked for a batch, in ms; 0 while it does. */
  awayMs(): number {
    return this.#isAsking ? 0 : this.#clock.monotonic() - this.#awaySince;
  }

  /**
   * Nothing is handed out any more from now on; resolves when the batch in hand is done with, with what ends the hold.
   */
  async hold(): Promise<() => void> {
    this.#holds++;
    while (this.#hasBatch) {
      this.#idle ??= Promise.withResolvers();
      await this.#idle.promise;
    }
    return () => {
      this.#holds--;
      this.wake();
    };
  }

  /** Resolves when the loop asks for a batch. */
  async whenAsked(): Promise<void> {
    if (this.#isAsking) return;
    this.#asked ??= Promise.withResolvers();
    await this.#asked.promise;
  }

  /** The loop is done with its batch and asks for the next. */
  ask(): void {
    this.#askedAt = this.#clock.monotonic();
    if (this.#hasBatch) this.#busyMs += this.#askedAt - this.#awaySince;
    this.#isAsking = true;
    this.#endBatch();
    this.#asked?.resolve();
    this.#asked = undefined;
  }

  /** The loop got a batch. */
  hand(): void {
    this.#hasBatch = true;
    this.#isAsking = false;
    this.#awaySince = this.#clock.monotonic();
    this.#idleMs += this.#awaySince - this.#askedAt;
  }

  /** The loop was left. */
  leave(): void {
    if (this.#isAsking) this.#awaySince = this.#clock.monotonic();
    this.#isAsking = false;
    this.#endBatch();
  }

  /** Resolves at the next `wake`. */
  wait(): Promise<void> {
    this.#wakeup ??= Promise.withResolvers();
    return this.#wakeup.promise;
  }

  /** Something changed that a waiting loop should look at. */
  wake(): void {
    this.#wakeup?.resolve();
    this.#wakeup = undefined;
  }

  #endBatch(): void {
    this.#hasBatch = false;
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}
