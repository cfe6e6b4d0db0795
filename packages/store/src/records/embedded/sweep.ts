/**
 * Removes what has expired, a little at a time. Readers don't wait for it: they see no expired record anyway. What
 * fails is tried again at the next turn.
 */
import type { Clock, Timer, Timers } from '@millrace/base';
import type { ChangeQueue } from './change-queue.ts';
import { isLive } from './found-record.ts';
import type { RecordSet, SweepEntry } from './record-set.ts';
import type { RecordSets } from './record-sets.ts';

/** Records that are looked at in one go. */
const STEP_RECORDS = 500;

export class Sweep {
  readonly #sets: RecordSets;
  readonly #queue: ChangeQueue;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #intervalMs: number;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    sets: RecordSets,
    queue: ChangeQueue,
    options: { readonly clock: Clock; readonly timers: Timers; readonly intervalMs: number },
  ) {
    this.#sets = sets;
    this.#queue = queue;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#intervalMs = options.intervalMs;
    this.#schedule();
  }

  /** Ends it, with what it is about. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#timers.after(this.#intervalMs, () => {
      this.#running = this.#run().then(
        () => this.#schedule(),
        () => this.#schedule(),
      );
    });
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    for (const set of [...this.#sets.all()]) {
      let entries: SweepEntry[];
      do {
        entries = set.due(this.#clock.now(), STEP_RECORDS);
        await Promise.all(entries.map((entry) => this.#look(set, entry)));
      } while (entries.length === STEP_RECORDS && !this.#stopped);
    }
  }

  #look(set: RecordSet, entry: SweepEntry): Promise<void> {
    const { at, key } = entry;
    return this.#queue.run(set, key, false, (record, batch) => {
      // It may have gone or been moved since it was found; then its entry has gone already, and goes twice.
      if (record?.sweptAt !== at) {
        set.forgetSweep(batch, entry);
        return { result: undefined };
      }
      const live = isLive(record, this.#clock.now());
      const after = live ? set.moveSweep(batch, key, record) : set.write(batch, key, record, undefined, 0);
      return { result: undefined, after: { record: after } };
    });
  }
}
