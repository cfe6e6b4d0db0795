/** The two loops over a consumer: batch by batch, and record by record on top of it. */
import { ConsumerBusyError } from '../errors.ts';
import type { BatchInHand, BatchSupply } from './batch-supply.ts';
import type { ConsumedBatch } from './consumed-batch.ts';
import type { ConsumedRecord } from './consumed-record.ts';

/** So many records are handed out between two looks at the clock. */
const recordsPerLook = 32;

const over = Object.freeze({ done: true, value: undefined }) as IteratorReturnResult<undefined>;

export interface LoopOptions {
  readonly supply: BatchSupply;
  readonly signal: AbortSignal | undefined;
  /** Called when the first batch is asked for: starts the consumer. Throws `ConsumerBusyError`, `ClosedError`. */
  readonly begin: () => void;
  /** Called when the loop is over, for whatever reason. */
  readonly end: () => void;
}

/** What both loops have in common: beginning once, ending once, and the batch in hand. */
abstract class Loop {
  protected readonly supply: BatchSupply;
  protected inHand: BatchInHand | undefined;
  protected state: 'new' | 'running' | 'over' = 'new';
  readonly #options: LoopOptions;
  readonly #onAbort: () => void;
  #isFetching = false;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.supply = options.supply;
    this.#onAbort = () => this.supply.gate.wake();
  }

  /** The next batch in hand; undefined when the loop is over. */
  protected async fetch(): Promise<BatchInHand | undefined> {
    const { signal, begin } = this.#options;
    if (this.state === 'new') {
      begin();
      this.state = 'running';
      signal?.addEventListener('abort', this.#onAbort);
    }
    // Two batches at a time: nobody could say which one is handled.
    if (this.#isFetching) throw new ConsumerBusyError();
    this.#isFetching = true;
    try {
      this.inHand = await this.supply.next(signal);
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      this.#isFetching = false;
    }
    if (this.inHand === undefined) this.stop();
    return this.inHand;
  }

  protected stop(): void {
    this.inHand = undefined;
    if (this.state !== 'running') {
      this.state = 'over';
      return;
    }
    this.state = 'over';
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.supply.gate.leave();
    this.#options.end();
  }
}

export class BatchLoop extends Loop implements AsyncIterableIterator<ConsumedBatch, undefined> {
  async next(): Promise<IteratorResult<ConsumedBatch, undefined>> {
    if (this.state === 'over') return over;
    if (this.inHand !== undefined) this.supply.handled(this.inHand);
    this.inHand = undefined;
    const next = await this.fetch();
    return next === undefined ? over : { done: false, value: next.batch };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (this.inHand !== undefined) this.supply.abandoned(this.inHand);
    this.stop();
    return over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

export class RecordLoop extends Loop implements AsyncIterableIterator<ConsumedRecord, undefined> {
  #records: Iterator<ConsumedRecord, undefined> | undefined;
  #untilLook = recordsPerLook;

  async next(): Promise<IteratorResult<ConsumedRecord, undefined>> {
    for (;;) {
      if (this.state === 'over') return over;
      const record = this.#nextOfBatch();
      if (record !== undefined) {
        if (--this.#untilLook > 0) return { done: false, value: record };
        this.#untilLook = recordsPerLook;
        if (this.supply.shouldYield) await this.supply.yield();
        return { done: false, value: record };
      }
      const next = await this.fetch();
      if (next === undefined) return over;
      // The batch was taken as a whole; here it is gone through step by step.
      next.chunk.state.position = next.batch.firstOffset;
      this.#records = next.batch[Symbol.iterator]();
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#giveUpBatch();
    this.stop();
    return over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /**
   * The batch's next record; undefined when there is none, or none may be handed out now. The last one counts as
   * handled.
   */
  #nextOfBatch(): ConsumedRecord | undefined {
    const { inHand } = this;
    if (inHand === undefined) return undefined;
    const { chunk, batch } = inHand;
    const { state } = chunk;
    const isCurrent = chunk.epoch === state.seekCount && state.isOwned;
    if (isCurrent) state.handled = state.position;
    if (!isCurrent || state.isPaused || this.supply.gate.isHeld) {
      this.#giveUpBatch();
      return undefined;
    }
    const step = this.#step();
    if (step !== undefined && !step.done) {
      state.position = step.value.offset + 1;
      return step.value;
    }
    state.position = batch.nextOffset;
    this.supply.handled(inHand);
    this.inHand = undefined;
    this.#records = undefined;
    return undefined;
  }

  /** A record that can't be read ends the loop; the next one begins with it. */
  #step(): IteratorResult<ConsumedRecord, undefined> | undefined {
    try {
      return this.#records?.next();
    } catch (error) {
      this.#giveUpBatch();
      this.stop();
      throw error;
    }
  }

  #giveUpBatch(): void {
    if (this.inHand !== undefined) this.supply.putBack(this.inHand);
    this.inHand = undefined;
    this.#records = undefined;
  }
}
