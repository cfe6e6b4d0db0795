/**
 * What keeps a consumer from going on, until a loop takes it: the first failure, since what follows is mostly its echo.
 * One that concerns a partition is void once that was moved elsewhere, or is not this consumer's any more.
 */
import type { PartitionState } from './partition-state.ts';

interface Failure {
  readonly error: Error;
  readonly state: PartitionState | undefined;
  readonly seekCount: number | undefined;
}

export class Failures {
  #first: Failure | undefined;

  /** The error that the next loop will end with. */
  get pending(): Error | undefined {
    const failure = this.#first;
    if (failure?.state === undefined) return failure?.error;
    const { state, seekCount, error } = failure;
    return state.isOwned && state.seekCount === seekCount ? error : undefined;
  }

  /** `state`: the partition that can't go on. */
  add(error: Error, state?: PartitionState): void {
    if (this.pending === undefined) this.#first = { error, state, seekCount: state?.seekCount };
  }

  take(): Error | undefined {
    const { pending } = this;
    this.#first = undefined;
    return pending;
  }
}
