/** How many bytes per second a shard is copied with, smoothed, from a count of bytes that only its owner sees. */

/** What was measured so long ago counts for a third of what it did. */
const smoothingMs = 20_000;
/** Before, taking the shard over and catching up say more than what it carries as a rule. */
const settlingMs = 5_000;

export class ShardLoad {
  #load: number | undefined;
  #rate: number | undefined;
  #settledMs = 0;
  #bytes = 0;
  #at: number | undefined;

  /** `load`: what an owner before measured, in bytes per second. */
  constructor(load: number | undefined) {
    this.#load = load;
  }

  /** Bytes per second; undefined while nobody has measured it. */
  get bytesPerSecond(): number | undefined {
    return this.#load;
  }

  /** Takes the count of bytes copied until `now` (monotonic ms). A count below the last begins anew. */
  sample(bytes: number, now: number): void {
    const elapsedMs = this.#at === undefined ? 0 : now - this.#at;
    const copied = bytes < this.#bytes ? bytes : bytes - this.#bytes;
    this.#at = now;
    this.#bytes = bytes;
    if (elapsedMs <= 0) return;
    const rate = (copied * 1000) / elapsedMs;
    const part = 1 - Math.exp(-elapsedMs / smoothingMs);
    this.#rate = this.#rate === undefined ? (this.#load ?? rate) : this.#rate + (rate - this.#rate) * part;
    this.#settledMs += elapsedMs;
    if (this.#settledMs >= settlingMs) this.#load = this.#rate;
  }
}
