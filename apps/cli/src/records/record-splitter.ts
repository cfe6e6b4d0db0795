/**
 * Cuts a stream of chunks into records at a delimiter. What it yields are views of the chunks, valid until the next
 * `push`, and copies only where a record lies in more than one chunk.
 */
import { MillraceError } from '@millrace/base';

/** No record of the input ends within the bound. */
export class RecordTooLongError extends MillraceError {
  readonly code = 'record_too_long';
}

export class RecordSplitter {
  readonly #delimiter: Buffer;
  readonly #recordBytesMax: number;
  /** The beginning of a record whose end has not come yet, without the tail. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  /** Last bytes of that beginning, in which a delimiter may have begun: one less than a delimiter has. */
  #tail: Buffer = Buffer.alloc(0);

  /** `delimiter` is not empty; `recordBytesMax` bounds what is kept in memory. */
  constructor(delimiter: Buffer, recordBytesMax: number) {
    this.#delimiter = delimiter;
    this.#recordBytesMax = recordBytesMax;
  }

  /** The records that end in this chunk. All of them must be taken before the next call. */
  *push(chunk: Buffer): Generator<Buffer, void> {
    const { length } = this.#delimiter;
    const rest = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    let from = 0;
    for (let end = rest.indexOf(this.#delimiter); end >= 0; end = rest.indexOf(this.#delimiter, from)) {
      const last = rest.subarray(from, end);
      from = end + length;
      yield this.#begunBytes === 0 ? last : this.#finish(last);
    }
    const cut = Math.max(from, rest.length - (length - 1));
    this.#keep(rest.subarray(from, cut));
    this.#tail = rest.subarray(cut);
  }

  /** What came after the last delimiter; undefined when that was the end. */
  rest(): Buffer | undefined {
    const whole = this.#finish(this.#tail);
    this.#tail = Buffer.alloc(0);
    return whole.length === 0 ? undefined : whole;
  }

  #finish(last: Buffer): Buffer {
    const whole = Buffer.concat([...this.#begun, last]);
    this.#begun = [];
    this.#begunBytes = 0;
    return whole;
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#begunBytes += part.length;
    if (this.#begunBytes > this.#recordBytesMax) {
      throw new RecordTooLongError(`the input has more than ${this.#recordBytesMax} bytes without a delimiter`, {
        hint: 'Give the right one with --delimiter, or --file-per-record for whole files.',
      });
    }
    this.#begun.push(part);
  }
}
