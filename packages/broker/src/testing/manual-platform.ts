/**
 * For tests: a `Platform` whose time passes only when told to, with the disk in memory and no network. Timers ring in
 * the order of their times; between two of them everything that waits for no time happens.
 */
import { type Platform, type Randomness, seededRandomness, type Timer, type Timers } from '@millrace/base';
import { CrashingDisk } from './crashing-disk.ts';

interface ManualTimer {
  readonly at: number;
  readonly callback: () => void;
}

const noNetwork: Platform['network'] = {
  listen: () => Promise.reject(new Error('there is no network in this test')),
  connect: () => Promise.reject(new Error('there is no network in this test')),
};

export class ManualPlatform implements Platform {
  readonly disk: CrashingDisk;
  readonly network = noNetwork;
  readonly randomness: Randomness;
  readonly clock = { now: () => this.#wallOrigin + this.#time, monotonic: () => this.#time };
  readonly timers: Timers = {
    after: (delayMs, callback) => this.#after(delayMs, callback),
    soon: (callback) => void setImmediate(callback),
  };
  readonly #wallOrigin = 1_700_000_000_000;
  #pending = new Set<ManualTimer>();
  #time = 0;

  constructor(seed = 1, disk = new CrashingDisk()) {
    this.randomness = seededRandomness(seed);
    this.disk = disk;
  }

  /** Timers that have not rung and were not cancelled. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /**
   * The platform that a process finds which is started after this one was killed; time goes on. Its disk is used up
   * after `diskBudget` units.
   */
  afterKill(diskBudget = Number.POSITIVE_INFINITY): ManualPlatform {
    const next = new ManualPlatform(this.randomness.integer(2 ** 31), this.disk.afterKill(diskBudget));
    next.#time = this.#time;
    return next;
  }

  /** Lets `durationMs` pass. */
  async pass(durationMs: number): Promise<void> {
    const end = this.#time + durationMs;
    for (;;) {
      await settle();
      const next = this.#nextTimer(end);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#time = Math.max(this.#time, next.at);
      next.callback();
    }
    this.#time = end;
  }

  #nextTimer(end: number): ManualTimer | undefined {
    let next: ManualTimer | undefined;
    for (const timer of this.#pending) if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
    return next;
  }

  #after(delayMs: number, callback: () => void): Timer {
    const timer = { at: this.#time + delayMs, callback };
    this.#pending.add(timer);
    const handle: Timer = { cancel: () => void this.#pending.delete(timer), unref: () => handle };
    return handle;
  }
}

/** What `work` answers, or undefined when the disk is used up before, so that it never will. No time passes. */
export async function orKilled<T>(work: Promise<T>, disk: CrashingDisk): Promise<T | undefined> {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  work.then(done, done);
  while (!isDone && !disk.killed) await settle();
  return isDone ? work : undefined;
}

/** Lets everything happen that waits for no time. */
export function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
