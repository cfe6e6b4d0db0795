/**
 * A limit on bytes per second, as a bucket that fills at that rate and holds half a second's worth. What is taken may
 * be more than there is, as nobody knows before how much a fetch brings: then nothing more may be taken until the debt
 * is paid, so that the rate holds over time.
 */

/** How long it takes to fill. */
const fillMs = 500;
/** What is worth a request of its own. */
const requestBytesMin = 16 * 1024;

export class ByteLimit {
  readonly #bytesPerSecond: () => number;
  #level: number;
  #at: number | undefined;

  /** `bytesPerSecond` is asked each time, as the rate may change; more than 0. */
  constructor(bytesPerSecond: () => number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#level = this.#most;
  }

  /** How long nothing may be taken, in ms from `now` (monotonic ms) on; 0 when something may be. */
  pauseMs(now: number): number {
    this.#fill(now);
    const wanted = Math.min(requestBytesMin, this.#most);
    return this.#level >= wanted ? 0 : ((wanted - this.#level) * 1000) / this.#bytesPerSecond();
  }

  /** How much of `bytes` is to be asked for at once, when something may be taken. */
  share(bytes: number, now: number): number {
    this.#fill(now);
    return Math.min(bytes, Math.max(requestBytesMin, Math.floor(this.#level)));
  }

  took(bytes: number, now: number): void {
    this.#fill(now);
    this.#level -= bytes;
  }

  get #most(): number {
    return (this.#bytesPerSecond() * fillMs) / 1000;
  }

  #fill(now: number): void {
    const elapsedMs = this.#at === undefined ? 0 : Math.max(0, now - this.#at);
    this.#at = now;
    this.#level = Math.min(this.#most, this.#level + (elapsedMs * this.#bytesPerSecond()) / 1000);
  }
}
