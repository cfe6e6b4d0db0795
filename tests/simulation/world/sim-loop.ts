/**
 * Virtual time. Nothing in a simulated world happens but by an event of this loop; between two events all promises
 * settle (each event has a turn of `setImmediate`, after which Node drains its microtasks). So a run is determined by
 * its seed.
 *
 * Work that leaves the thread (asynchronous compression, real files) would break that, and must not happen in a
 * simulation.
 */
import { EventQueue, type ScheduledEvent } from './event-queue.ts';
import { Trace } from './trace.ts';

/** Something happened that must not, or a run did not come to its end. */
export class SimulationFailure extends Error {
  override readonly name = 'SimulationFailure';
}

/** Turns asked for at once: what they cost is shared, and microtasks are still drained between any two. */
const turnsAtOnce = 32;

export class SimLoop {
  readonly trace = new Trace();
  readonly #queue = new EventQueue();
  #now = 0;
  #order = 0;
  #failure: Error | undefined;

  /** Virtual milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** Runs `callback` in `delayMs` virtual milliseconds. */
  schedule(delayMs: number, label: string, callback: () => void): ScheduledEvent {
    const event = { at: this.#now + Math.max(0, delayMs), order: this.#order++, label, run: callback };
    this.#queue.push(event);
    return event;
  }

  /** Stops the run: an invariant does not hold. Only the first failure counts. */
  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new SimulationFailure(String(error));
  }

  note(line: string): void {
    this.trace.note(this.#now, line);
  }

  /** Runs events until a promise settles, and answers with what it gives. Rejects as `runUntil` does. */
  async settled<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
    let isSettled = false;
    promise.then(
      () => {
        isSettled = true;
      },
      (error: unknown) => this.fail(error),
    );
    await this.runUntil(() => isSettled, limitMs, what);
    return promise;
  }

  /**
   * Runs events until `isDone`. Rejects with what failed, when the events run out, or at `limitMs` of virtual time from
   * now.
   */
  async runUntil(isDone: () => boolean, limitMs: number, what: string): Promise<void> {
    const deadline = this.#now + limitMs;
    const onRejection = (reason: unknown): void => this.fail(reason);
    process.on('unhandledRejection', onRejection);
    try {
      await new Promise<void>((resolve, reject) => {
        let ended = false;
        const end = (settle: () => void): void => {
          ended = true;
          settle();
        };
        const turn = (): void => {
          if (ended) return;
          if (this.#failure !== undefined) return end(() => reject(this.#failure));
          if (isDone()) return end(resolve);
          const event = this.#queue.pop();
          if (event === undefined) return end(() => reject(new SimulationFailure(`nothing happens any more: ${what}`)));
          if (event.at > deadline) {
            const message = `not within ${limitMs} virtual ms: ${what}`;
            return end(() => reject(new SimulationFailure(message)));
          }
          this.#run(event);
        };
        const turns = (): void => {
          if (ended) return;
          for (let count = 0; count < turnsAtOnce; count++) setImmediate(turn);
          setImmediate(turns);
        };
        turns();
      });
    } finally {
      process.off('unhandledRejection', onRejection);
    }
  }

  #run(event: ScheduledEvent): void {
    const { run } = event;
    if (run === undefined) return;
    event.run = undefined;
    this.#now = event.at;
    this.trace.record(event.at, event.label);
    try {
      run();
    } catch (error) {
      this.fail(error);
    }
  }
}
