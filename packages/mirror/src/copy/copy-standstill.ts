/** Whether the copy of a partition stands still, and why; its journal is to say so whenever that changes. */
import { isSameStandstill, type Standstill, standstillSince } from '../offset-map/standstill.ts';

export class CopyStandstill {
  readonly #changed: () => void;
  #now: Standstill | undefined;

  /** `before`: as the journal tells it, which holds until copying goes on. `changed`: it is to be written down. */
  constructor(before: Standstill | undefined, changed: () => void) {
    this.#now = before;
    this.#changed = changed;
  }

  /** Undefined while nothing is in the way. */
  get now(): Standstill | undefined {
    return this.#now;
  }

  begin(standstill: Standstill): void {
    if (isSameStandstill(this.#now, standstill)) return;
    this.#now = standstillSince(this.#now, standstill);
    this.#changed();
  }

  /** The source gave what comes next, or has no more, or what was in the way is passed over. */
  sourceGoesOn(): void {
    if (this.#now !== undefined && !this.#isOfTarget) this.#end();
  }

  /** The target took something. */
  targetGoesOn(): void {
    if (this.#isOfTarget) this.#end();
  }

  get #isOfTarget(): boolean {
    return this.#now?.reason === 'refused';
  }

  #end(): void {
    this.#now = undefined;
    this.#changed();
  }
}
