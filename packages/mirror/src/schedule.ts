/**
 * Work that is done again and again, with a pause after each time, and at once when somebody asks for it. After trouble
 * the pause is short at first, and longer each time until the trouble is over.
 */
import { isMillraceError, type MillraceError, type Timer, type Timers } from '@millrace/base';

export interface ScheduleOptions<Result> {
  readonly timers: Timers;
  /** The pause after each time; at most that much after trouble. */
  readonly pauseMs: number;
  /** Whether the last time left something undone. */
  readonly isIncomplete?: (() => boolean) | undefined;
  /** Never called while it is under way. Ends soon after the signal is aborted. */
  readonly work: (signal: AbortSignal) => Promise<Result>;
  /** Told of operating failures of what nobody asked for; the next time comes all the same. */
  readonly failed: (error: MillraceError) => void;
}

/** The first pause after trouble. */
const troubleMs = 1000;

export class Schedule<Result> {
  readonly #options: ScheduleOptions<Result>;
  readonly #abort = new AbortController();
  #timer: Timer | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** Times with trouble since the last one without. */
  #troubles = 0;

  constructor(options: ScheduleOptions<Result>) {
    this.#options = options;
  }

  /** Begins with a pause. */
  start(): void {
    if (this.#abort.signal.aborted) return;
    const { pauseMs, timers } = this.#options;
    const due = this.#troubles === 0 ? pauseMs : Math.min(pauseMs, troubleMs * 2 ** Math.min(this.#troubles - 1, 30));
    this.#timer = timers.after(due, () => this.soon());
  }

  /** Does it now for nobody in particular, and goes on with the schedule. */
  soon(): void {
    this.#timer?.cancel();
    this.now().then(
      () => {
        this.#troubles = this.#options.isIncomplete?.() === true ? this.#troubles + 1 : 0;
        this.start();
      },
      (error: unknown) => {
        if (this.#abort.signal.aborted) return;
        if (!isMillraceError(error)) throw error;
        this.#troubles += 1;
        this.#options.failed(error);
        this.start();
      },
    );
  }

  /** Does it once what is under way has ended; rejects as the work does. */
  now(): Promise<Result> {
    const result = this.#last.then(() => {
      this.#abort.signal.throwIfAborted();
      return this.#options.work(this.#abort.signal);
    });
    // Whoever asked hears of the failure; who comes next only waits.
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when nothing is under way, and nothing begins any more. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#timer?.cancel();
    await this.#last;
  }
}
