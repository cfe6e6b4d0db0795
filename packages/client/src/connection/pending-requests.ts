/** Requests sent and not answered, in their order, and one timer for the nearest of their deadlines. */
import type { Platform, Timer } from '@millrace/base';

export interface PendingRequest {
  readonly name: string;
  readonly correlationId: number;
  readonly timeoutMs: number;
  /** Monotonic times. */
  readonly sentAt: number;
  readonly deadline: number;
  readonly answer: (frame: Uint8Array) => void;
  readonly fail: (error: Error) => void;
}

export class PendingRequests {
  readonly #platform: Platform;
  readonly #onLate: (late: PendingRequest) => void;
  readonly #requests: PendingRequest[] = [];
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  /** `onLate` is told of a request whose deadline has passed, and must take it out or clear them all. */
  constructor(platform: Platform, onLate: (late: PendingRequest) => void) {
    this.#platform = platform;
    this.#onLate = onLate;
  }

  get count(): number {
    return this.#requests.length;
  }

  get first(): PendingRequest | undefined {
    return this.#requests[0];
  }

  add(request: PendingRequest): void {
    this.#requests.push(request);
    if (request.deadline < this.#timerAt) this.#watch(request.deadline);
  }

  /** Takes out the request that is answered, or tells why this can be no answer. */
  take(correlationId: number): PendingRequest | string {
    const { first } = this;
    if (first?.correlationId === correlationId) {
      this.#requests.shift();
      return first;
    }
    const expected = first === undefined ? 'none was expected' : `${first.correlationId} was expected`;
    return `it answered request ${correlationId} where ${expected}`;
  }

  /** Takes all out, and stops watching. */
  clear(): PendingRequest[] {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    return this.#requests.splice(0);
  }

  #watch(deadline: number): void {
    this.#timer?.cancel();
    this.#timerAt = deadline;
    const { clock, timers } = this.#platform;
    this.#timer = timers.after(Math.max(0, Math.ceil(deadline - clock.monotonic())), () => this.#check());
  }

  #check(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#timer = undefined;
    const now = this.#platform.clock.monotonic();
    let nearest = Number.POSITIVE_INFINITY;
    for (const request of this.#requests) {
      if (request.deadline <= now) return this.#onLate(request);
      nearest = Math.min(nearest, request.deadline);
    }
    if (nearest !== Number.POSITIVE_INFINITY) this.#watch(nearest);
  }
}
