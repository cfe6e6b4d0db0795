/** Lets transactions in while records flow, and tells when none is left. */
import {
  type GroupOffsets,
  isMillraceError,
  type OffsetsInTransaction,
  type ProducerRecord,
  type RecordPosition,
  type TopicLike,
  type Transaction,
  type TransactionCallOptions,
} from '@millrace/client';

export class TransactionDoor {
  #inside = 0;
  #isShut = false;
  #opened = Promise.withResolvers<void>();
  #empty: PromiseWithResolvers<void> | undefined;

  get isOpen(): boolean {
    return !this.#isShut;
  }

  /** Resolves when the door is open again. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  shut(): void {
    if (this.#isShut) return;
    this.#isShut = true;
    this.#opened = Promise.withResolvers();
  }

  open(): void {
    this.#isShut = false;
    this.#opened.resolve();
  }

  /** A transaction begins; answers what is to be called once, when it is over. */
  enter(): () => void {
    this.#inside++;
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      if (--this.#inside === 0) this.#empty?.resolve();
    };
  }

  /** Resolves when no transaction is open. */
  async isEmpty(): Promise<void> {
    if (this.#inside === 0) return;
    this.#empty = Promise.withResolvers();
    await this.#empty.promise;
  }
}

/** A transaction as its user gets it. */
export class BoundTransaction implements Transaction {
  readonly #inner: Transaction;
  readonly #leave: () => void;
  readonly #join: (from: OffsetsInTransaction | GroupOffsets) => void;

  /** `leave` is called when it is over, `join` before offsets become part of it: it may throw. */
  constructor(inner: Transaction, leave: () => void, join: (from: OffsetsInTransaction | GroupOffsets) => void) {
    this.#inner = inner;
    this.#leave = leave;
    this.#join = join;
  }

  write<const T extends TopicLike>(record: ProducerRecord<T>): boolean {
    return this.#inner.write(record);
  }

  ready(options?: { readonly signal?: AbortSignal | undefined }): Promise<void> {
    return this.#inner.ready(options);
  }

  send<const T extends TopicLike>(
    record: ProducerRecord<T>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<RecordPosition> {
    return this.#inner.send(record, options);
  }

  async sendOffsets(from: OffsetsInTransaction | GroupOffsets, options?: TransactionCallOptions): Promise<void> {
    this.#join(from);
    return this.#inner.sendOffsets(from, options);
  }

  commit(options?: TransactionCallOptions): Promise<void> {
    return this.#ending(this.#inner.commit(options));
  }

  abort(options?: TransactionCallOptions): Promise<void> {
    return this.#ending(this.#inner.abort(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ending(Promise.resolve(this.#inner[Symbol.asyncDispose]()));
  }

  async #ending(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      // The coordinator has not said what became of it: it is asked on.
      if (!isMillraceError(error, 'request_timeout')) this.#leave();
      throw error;
    }
    this.#leave();
  }
}
