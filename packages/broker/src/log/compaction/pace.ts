/**
 * How fast compaction goes: it gives way to everything else every few milliseconds, reads and writes no more bytes a
 * second than allowed, and ends when it is told to.
 */
import { type Clock, sleep, type Timers } from '@millrace/base';

/** Compaction was told to end; what it had begun is dropped. */
export class CompactionStopped extends Error {}

export interface PaceOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** `log.cleaner.io.max.bytes.per.second`; Infinity for no bound. */
  readonly bytesPerSecondMax: number;
  readonly stopped: () => boolean;
}

const sliceMs = 4;
/** A slice ends after so many bytes even if the clock says that no time has passed. */
const sliceBytes = 4 * 1024 * 1024;
/** The longest wait at once, so that an end is noticed. */
const waitMsMax = 200;

export class Pace {
  readonly #options: PaceOptions;
  #sliceEnd: number;
  #bytes = 0;
  /** When the bytes so far will be paid for. */
  #paidAt: number;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#paidAt = options.clock.monotonic();
    this.#sliceEnd = this.#paidAt + sliceMs;
  }

  /** To be called between small pieces of work, with the bytes that the last one read or wrote. */
  async pause(bytes: number): Promise<void> {
    const { clock, timers, bytesPerSecondMax, stopped } = this.#options;
    if (stopped()) throw new CompactionStopped();
    this.#bytes += bytes;
    this.#paidAt = Math.max(this.#paidAt, clock.monotonic() - waitMsMax) + (bytes / bytesPerSecondMax) * 1000;
    const due = this.#paidAt > clock.monotonic() || clock.monotonic() >= this.#sliceEnd || this.#bytes >= sliceBytes;
    if (!due) return;
    while (this.#paidAt > clock.monotonic() + 1) {
      await sleep(timers, Math.min(waitMsMax, this.#paidAt - clock.monotonic()));
      if (stopped()) throw new CompactionStopped();
    }
    await new Promise<void>((resolve) => timers.soon(resolve));
    this.#bytes = 0;
    this.#sliceEnd = clock.monotonic() + sliceMs;
  }
}
