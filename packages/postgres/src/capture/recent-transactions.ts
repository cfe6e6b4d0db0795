/** The transactions that ended last in the stream, by their place among all that have. */

const kept = 10_000;

export class RecentTransactions {
  #xids: number[] = [];
  #left = 0;

  /** Of all that have ended. */
  get count(): number {
    return this.#left + this.#xids.length;
  }

  add(xid: number): void {
    this.#xids.push(xid);
    if (this.#xids.length < 2 * kept) return;
    this.#xids = this.#xids.slice(kept);
    this.#left += kept;
  }

  /** Whether it holds of one of the last ones before the place `end`. */
  some(end: number, holds: (xid: number) => boolean): boolean {
    return this.#xids.slice(0, Math.max(0, end - this.#left)).some(holds);
  }
}
