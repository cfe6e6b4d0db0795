/** What a worker has done since it began, whichever partitions it had meanwhile, and what went wrong. */

import type { ClientEvent, ClientOptions } from '@millrace/client';

/** What was measured so long ago counts for a third of what it did. */
const smoothingMs = 10_000;

export interface WorkerFigures {
  readonly recordsCopied: number;
  /** As they lie on the target, compressed where they are. */
  readonly bytesCopied: number;
  /** Smoothed over some ten seconds; 0 before there are two measurements. */
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  /**
   * How often each kind of trouble was told: of the mirror's events and of those of its connections, warnings and
   * errors, by the event's name, ascending.
   */
  readonly problems: ReadonlyMap<string, number>;
}

interface Told {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
}

export class FigureKeeper {
  #records = 0;
  #bytes = 0;
  #recordsPerSecond = 0;
  #bytesPerSecond = 0;
  #last: { readonly records: number; readonly bytes: number; readonly at: number } | undefined;
  #isMeasured = false;
  readonly #problems = new Map<string, number>();

  copied(records: number, bytes: number): void {
    this.#records += records;
    this.#bytes += bytes;
  }

  told({ level, event }: Told): void {
    if (level !== 'info') this.#problems.set(event, (this.#problems.get(event) ?? 0) + 1);
  }

  /** The options with a report that counts what is told. */
  hearing(options: ClientOptions): ClientOptions {
    const report = (event: ClientEvent): void => {
      this.told(event);
      options.report?.(event);
    };
    return { ...options, report };
  }

  /** Measures how quickly it goes; to be called every second or so, with monotonic ms. */
  sample(now: number): void {
    const last = this.#last;
    const elapsedMs = last === undefined ? 0 : now - last.at;
    if (last !== undefined && elapsedMs <= 0) return;
    this.#last = { records: this.#records, bytes: this.#bytes, at: now };
    if (last === undefined) return;
    const part = this.#isMeasured ? 1 - Math.exp(-elapsedMs / smoothingMs) : 1;
    this.#isMeasured = true;
    const recordsPerSecond = ((this.#records - last.records) * 1000) / elapsedMs;
    const bytesPerSecond = ((this.#bytes - last.bytes) * 1000) / elapsedMs;
    this.#recordsPerSecond += (recordsPerSecond - this.#recordsPerSecond) * part;
    this.#bytesPerSecond += (bytesPerSecond - this.#bytesPerSecond) * part;
  }

  figures(): WorkerFigures {
    return {
      recordsCopied: this.#records,
      bytesCopied: this.#bytes,
      recordsPerSecond: this.#recordsPerSecond,
      bytesPerSecond: this.#bytesPerSecond,
      problems: new Map([...this.#problems].sort(([left], [right]) => (left < right ? -1 : 1))),
    };
  }
}
