/** What a producer or consumer is wanted to be, as it changes. */
import type { Target } from './clients/target.ts';

/** The newest target of somebody who may take time to follow it. */
export class Wanted {
  #target: Target;
  #changed = Promise.withResolvers<void>();
  /** Work for a target that is of no use for another. */
  readonly #works = new Map<AbortController, string>();

  constructor(target: Target) {
    this.#target = target;
  }

  get target(): Target {
    return this.#target;
  }

  set target(target: Target) {
    this.#target = target;
    for (const [work, fingerprint] of this.#works) if (fingerprint !== target.fingerprint) work.abort();
    this.wake();
  }

  /** Resolves when there is another target, or something else that makes it worth looking again. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  isStill({ fingerprint }: Target): boolean {
    return this.#target.fingerprint === fingerprint;
  }

  /** Does work for a target, under a signal that aborts when another one is wanted. */
  async workFor<Result>(target: Target, work: (superseded: AbortSignal) => Promise<Result>): Promise<Result> {
    const own = new AbortController();
    if (!this.isStill(target)) own.abort();
    this.#works.set(own, target.fingerprint);
    try {
      return await work(own.signal);
    } finally {
      this.#works.delete(own);
    }
  }
}
