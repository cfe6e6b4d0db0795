/** How long a static member keeps asking for an instance id that another one holds: until its session must be over. */
import type { Clock } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import { isExpulsion } from './consumer-group-requests.ts';

export class InstanceIdClaim {
  readonly #clock: Clock;
  readonly #sessionTimeoutMs: number;
  /** Monotonic time since which another member holds the id, in ms. */
  #refusedSince: number | undefined;

  constructor(clock: Clock, sessionTimeoutMs: number) {
    this.#clock = clock;
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  granted(): void {
    this.#refusedSince = undefined;
  }

  /** Whether to ask again. An instance id comes free, and one that joins may be taken for who it was before. */
  mayComeFree(errorCode: number | undefined): boolean {
    if (errorCode !== undefined && errorCode !== errorCodes.GROUP_ID_NOT_FOUND && isExpulsion(errorCode)) return true;
    if (errorCode !== errorCodes.UNRELEASED_INSTANCE_ID) return false;
    const now = this.#clock.monotonic();
    this.#refusedSince ??= now;
    return now - this.#refusedSince < this.#sessionTimeoutMs;
  }
}
