/**
 * Walks over the records of one side in order, and leaves out what is not compared. A batch is handed out undecoded
 * first, so that the caller may pass over it whole. Steps within a batch are synchronous; the caller awaits between
 * batches only.
 */
import { isMillraceError } from '@millrace/base';
import type { Record, RecordBatch } from '@millrace/wire';
import type { LogPiece } from './log-reader.ts';
import type { OffsetRange } from './verification.ts';
import { type VerifiedPlace, VerifyError } from './verify-error.ts';

export interface RecordCursorOptions {
  /** For errors. */
  readonly place: VerifiedPlace;
  /** Records before are left out. */
  readonly from: number;
  readonly to: number;
  /** Whether a record is left out. */
  readonly isSkipped?: ((offset: number) => boolean) | undefined;
  /** Whether any record of a range may be left out; batches that hold some are never handed out undecoded. */
  readonly mayBeSkipped?: ((range: OffsetRange) => boolean) | undefined;
  /** Told that retention removed what lies before an offset. */
  readonly onLost: (next: number) => void;
}

export class RecordCursor {
  readonly #pieces: AsyncIterator<LogPiece, undefined>;
  readonly #options: RecordCursorOptions;
  /** Records before are left out. */
  #floor: number;
  #batches: readonly RecordBatch[] = [];
  #nextBatch = 0;
  #records: Iterator<Record, undefined> | undefined;
  /** Base offset of the batch that was decoded last. */
  #opened = -1;
  /** Copies of what `peek` saw. */
  #ahead: Record[] = [];
  /** The record it stands at. */
  current: Record | undefined;
  /** A whole batch it stands before, none of whose records is left out, while `current` is undefined. */
  untouched: RecordBatch | undefined;
  /** A batch it stands before that has to be decoded. */
  #closed: RecordBatch | undefined;
  /** Where reading the log goes on. */
  position: number;

  constructor(pieces: AsyncIterator<LogPiece, undefined>, options: RecordCursorOptions) {
    this.#pieces = pieces;
    this.#options = options;
    this.#floor = options.from;
    this.position = options.from;
  }

  /** Stands at a record or before a batch afterwards; answers false at the end. */
  async ready(): Promise<boolean> {
    while (this.current === undefined && this.untouched === undefined) {
      if (this.#closed !== undefined) {
        await this.open();
        continue;
      }
      const batch = this.#batches[this.#nextBatch++];
      if (batch === undefined) {
        if (!(await this.#fetch())) return false;
      } else if (batch.lastOffset >= this.#floor && batch.baseOffset < this.#options.to) this.#meet(batch);
    }
    return true;
  }

  /** Decodes the batch it stands before, and steps to its first record; `current` stays undefined if that has none. */
  async open(): Promise<void> {
    const batch = this.#closed ?? this.untouched;
    if (batch === undefined) return;
    this.#closed = undefined;
    this.untouched = undefined;
    try {
      batch.verifyCrc();
      this.#records = (await batch.recordsAsync())[Symbol.iterator]();
    } catch (error) {
      throw this.#unreadable(error, batch.baseOffset);
    }
    this.#opened = batch.baseOffset;
    this.step();
  }

  /** Passes over the batch it stands before, and checks no more of it than its checksum. */
  passBatch(): void {
    try {
      this.untouched?.verifyCrc();
    } catch (error) {
      throw this.#unreadable(error, this.untouched?.baseOffset ?? this.position);
    }
    this.untouched = undefined;
  }

  /** Goes to the next record of the batch; `current` is undefined behind its last one. */
  step(): void {
    for (let record = this.#ahead.shift(); record !== undefined; record = this.#ahead.shift()) {
      if (this.#isIn(record.offset)) {
        this.current = record;
        return;
      }
    }
    this.current = undefined;
    while (this.#records !== undefined) {
      const { done, value } = this.#decodeNext(this.#records);
      if (done) this.#records = undefined;
      else if (this.#isIn(value.offset)) {
        this.current = value;
        return;
      }
    }
  }

  /** Leaves out what lies before an offset from now on, the record it stands at among it. */
  raiseFloor(offset: number): void {
    if (offset <= this.#floor) return;
    this.#floor = offset;
    if (this.current !== undefined && this.current.offset < offset) this.step();
    if (this.untouched !== undefined && this.untouched.baseOffset < offset) {
      this.#closed = this.untouched;
      this.untouched = undefined;
    }
  }

  /** Copies of the next records, the current one first: `count`, or as many as there are. */
  async peek(count: number): Promise<readonly Record[]> {
    const seen: Record[] = [];
    while (seen.length < count && (await this.ready())) {
      if (this.current === undefined) await this.open();
      else {
        seen.push(this.current.copy());
        this.step();
      }
    }
    const rest = this.current === undefined ? this.#ahead : [this.current.copy(), ...this.#ahead];
    this.#ahead = [...seen, ...rest];
    this.step();
    return seen;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  #decodeNext(records: Iterator<Record, undefined>): IteratorResult<Record, undefined> {
    try {
      return records.next();
    } catch (error) {
      throw this.#unreadable(error, this.#opened);
    }
  }

  #unreadable(error: unknown, offset: number): unknown {
    if (!isMillraceError(error)) return error;
    return new VerifyError('verify_unreadable', this.#options.place, offset, error.message, error);
  }

  async #fetch(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    if (done) return false;
    this.#batches = value.batches;
    this.#nextBatch = 0;
    this.position = value.next;
    if (value.isLost) this.#options.onLost(value.next);
    return true;
  }

  #meet(batch: RecordBatch): void {
    const { baseOffset: from, lastOffset } = batch;
    const { to, mayBeSkipped } = this.#options;
    const isWhole = from >= this.#floor && lastOffset < to && !mayBeSkipped?.({ from, to: lastOffset + 1 });
    if (isWhole) this.untouched = batch;
    else this.#closed = batch;
  }

  #isIn(offset: number): boolean {
    const { to, isSkipped } = this.#options;
    return offset >= this.#floor && offset < to && !isSkipped?.(offset);
  }
}
