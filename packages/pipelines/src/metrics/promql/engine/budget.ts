/** What one query may take: samples and time. It gives way to other work of the process, and stops when it must. */
import { QueryError } from '../query-error.ts';

export interface BudgetOptions {
  /** Samples read and made, all together. */
  readonly samplesMax: number;
  readonly timeoutMs: number;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** How long other work waits at most, in milliseconds. */
const turnMs = 5;

export class Budget {
  readonly signal: AbortSignal;
  readonly #samplesMax: number;
  readonly #timeoutMs: number;
  readonly #deadline: number;
  #samples = 0;
  #turnEnds: number;

  constructor({ samplesMax, timeoutMs, signal }: BudgetOptions) {
    const now = performance.now();
    this.signal = signal;
    this.#samplesMax = samplesMax;
    this.#timeoutMs = timeoutMs;
    this.#deadline = now + timeoutMs;
    this.#turnEnds = now + turnMs;
  }

  /** @throws QueryError `query_too_large` */
  take(samples: number): void {
    this.#samples += samples;
    if (this.#samples <= this.#samplesMax) return;
    throw new QueryError(
      'query_too_large',
      `query processing would load too many samples into memory in query execution: more than ${this.#samplesMax}; ` +
        'ask for less time, a longer step or fewer series',
    );
  }

  get samples(): number {
    return this.#samples;
  }

  /** Whether it is others' turn; cheap enough to ask for each series. */
  get isDue(): boolean {
    return performance.now() >= this.#turnEnds;
  }

  /**
   * Lets others work.
   *
   * @throws QueryError `query_timed_out` or `query_canceled` when it is over
   */
  async yield(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    if (this.signal.aborted) {
      throw new QueryError('query_canceled', 'query was canceled in expression evaluation', {
        cause: this.signal.reason,
      });
    }
    if (now > this.#deadline) {
      throw new QueryError(
        'query_timed_out',
        `query timed out in expression evaluation: it took longer than ${this.#timeoutMs / 1000} s`,
      );
    }
    this.#turnEnds = now + turnMs;
  }
}
