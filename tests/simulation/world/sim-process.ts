/**
 * A process of the simulated world: what it has started ends with it. After `kill` none of its callbacks runs any more
 * and none of its promises settles, as if it had never been resumed; peers see its connections close.
 */
import { type Clock, type Randomness, seededRandomness, type Timer, type Timers } from '@millrace/base';
import type { SimLoop } from './sim-loop.ts';

/** Wall-clock time at which every world begins. */
export const worldEpochMs = Date.UTC(2026, 0, 1);

/** What of a process must be ended with it. */
export interface ProcessResource {
  /** The process is dead. No callback of it may run. */
  killed(): void;
}

export class SimProcess {
  /** The name of its host as well: each process has one to itself. */
  readonly host: string;
  readonly loop: SimLoop;
  readonly randomness: Randomness;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly #resources = new Set<ProcessResource>();
  readonly #jitter: Randomness;
  #pendingTimers = 0;
  #alive = true;
  #stalledUntil = 0;
  #wallClockOffset = 0;

  constructor(loop: SimLoop, host: string, seed: number) {
    this.loop = loop;
    this.host = host;
    this.randomness = seededRandomness(seed);
    this.#jitter = seededRandomness(seed ^ 0x5bd1e995);
    this.clock = {
      now: () => worldEpochMs + Math.floor(loop.now) + this.#wallClockOffset,
      monotonic: () => loop.now,
    };
    this.timers = {
      after: (delayMs, callback) => this.#after(delayMs, callback),
      soon: (callback) => this.#soon(callback),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Timers set and neither called nor cancelled. */
  get pendingTimers(): number {
    return this.#pendingTimers;
  }

  /** Sockets, listeners and the like that are open. */
  get openResources(): number {
    return this.#resources.size;
  }

  /** Runs `callback` in this process, unless it is dead by then; later if it is stalled then. */
  schedule(delayMs: number, label: string, callback: () => void): void {
    this.loop.schedule(delayMs, label, () => this.#enter(label, callback));
  }

  attach(resource: ProcessResource): void {
    this.#resources.add(resource);
  }

  detach(resource: ProcessResource): void {
    this.#resources.delete(resource);
  }

  /** Nothing of the process runs for a while, as when the machine is busy or it collects garbage. */
  stall(forMs: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.loop.now + forMs);
  }

  /** Moves the process's wall clock; the monotonic one is not touched. */
  shiftWallClock(byMs: number): void {
    this.#wallClockOffset += byMs;
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const resource of [...this.#resources]) resource.killed();
    this.#resources.clear();
  }

  #enter(label: string, callback: () => void): void {
    if (!this.#alive) return;
    const stalledFor = this.#stalledUntil - this.loop.now;
    if (stalledFor > 0) this.loop.schedule(stalledFor, label, () => this.#enter(label, callback));
    else callback();
  }

  #after(delayMs: number, callback: () => void): Timer {
    let pending = true;
    const settle = (): boolean => {
      const was = pending;
      pending = false;
      if (was) this.#pendingTimers -= 1;
      return was;
    };
    this.#pendingTimers += 1;
    this.schedule(delayMs + this.#jitter.float() * 0.5, 'timer', () => {
      if (settle()) callback();
    });
    const timer: Timer = { cancel: () => void settle(), unref: () => timer };
    return timer;
  }

  #soon(callback: () => void): void {
    this.schedule(this.#jitter.float() * 0.05, 'soon', callback);
  }
}
