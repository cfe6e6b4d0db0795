/**
 * Batch builders to be used again, by capacity, because fresh memory costs page faults and a builder that has grown
 * need not grow again. Capacities are powers of two from 4 KiB on.
 */
import { RecordBatchBuilder } from '@millrace/wire';

const smallestShift = 12;

export class BuilderPool {
  readonly #limitBytes: number;
  readonly #free: RecordBatchBuilder[][] = [];
  #freeBytes = 0;

  /** Keeps at most `limitBytes` of unused memory. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /**
   * An empty builder of at least `capacity` bytes, and at most four times as many: one that is at hand, or a new one.
   */
  take(capacity: number): RecordBatchBuilder {
    const shift = shiftOf(capacity);
    for (let candidate = shift; candidate <= shift + 1; candidate++) {
      const builder = this.#free[candidate]?.pop();
      if (builder === undefined) continue;
      this.#freeBytes -= builder.capacity;
      return builder;
    }
    return new RecordBatchBuilder(2 ** shift);
  }

  /** Takes a builder back, whose memory nobody uses any more. */
  give(builder: RecordBatchBuilder): void {
    builder.reset();
    const { capacity } = builder;
    if (this.#freeBytes + capacity > this.#limitBytes) return;
    this.#freeBytes += capacity;
    const shift = 31 - Math.clz32(capacity);
    const list = this.#free[shift];
    if (list === undefined) this.#free[shift] = [builder];
    else list.push(builder);
  }
}

function shiftOf(capacity: number): number {
  return Math.max(smallestShift, 32 - Math.clz32(capacity - 1));
}
