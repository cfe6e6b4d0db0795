/**
 * A loop over a consumer whose sides are exchanged: over the loops of one side after the other. It gives way between
 * two batches, when the next one is asked for, so that the one in hand is handled by then.
 */
import { isMillraceError } from '@millrace/base';
import { type Consumer, ConsumerBusyError, type TopicLike } from '@millrace/client';

export interface LoopHost<T extends TopicLike> {
  /** The loop begins. Throws `ConsumerBusyError`, `ClosedError`. */
  begin(): void;
  /** The loop is over, for whatever reason. */
  end(): void;
  /** Resolves with the side to read from, once no switch is under way, and what tells to give way to one. */
  side(signal: AbortSignal | undefined): Promise<{ readonly consumer: Consumer<T>; readonly giveWay: AbortSignal }>;
  /** The loop has given way: nothing of the side's is in hand. */
  gaveWay(): void;
}

const over = Object.freeze({ done: true, value: undefined }) as IteratorReturnResult<undefined>;

export class SwitchingLoop<T extends TopicLike, Item> implements AsyncIterableIterator<Item, undefined> {
  readonly #host: LoopHost<T>;
  readonly #open: (consumer: Consumer<T>, signal: AbortSignal) => AsyncIterableIterator<Item, undefined>;
  readonly #handedOut: (item: Item) => void;
  readonly #signal: AbortSignal | undefined;
  #state: 'new' | 'running' | 'over' = 'new';
  #inner: AsyncIterableIterator<Item, undefined> | undefined;
  #giveWay: AbortSignal | undefined;
  #isAsking = false;

  constructor(
    host: LoopHost<T>,
    open: (consumer: Consumer<T>, signal: AbortSignal) => AsyncIterableIterator<Item, undefined>,
    handedOut: (item: Item) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#host = host;
    this.#open = open;
    this.#handedOut = handedOut;
    this.#signal = signal;
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#state === 'over') return over;
    if (this.#state === 'new') {
      this.#host.begin();
      this.#state = 'running';
    }
    if (this.#isAsking) throw new ConsumerBusyError();
    this.#isAsking = true;
    try {
      return await this.#next();
    } catch (error) {
      this.#stop();
      throw error;
    } finally {
      this.#isAsking = false;
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#inner?.return?.();
    this.#stop();
    return over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #next(): Promise<IteratorResult<Item, undefined>> {
    for (;;) {
      if (this.#inner === undefined) await this.#begin();
      const inner = this.#inner as AsyncIterableIterator<Item, undefined>;
      try {
        const result = await inner.next();
        if (result.done === true) this.#stop();
        else this.#handedOut(result.value);
        return result;
      } catch (error) {
        if (!this.#giveWay?.aborted || error !== this.#giveWay.reason) throw error;
        this.#inner = undefined;
        this.#host.gaveWay();
      }
    }
  }

  async #begin(): Promise<void> {
    try {
      const { consumer, giveWay } = await this.#host.side(this.#signal);
      this.#giveWay = giveWay;
      this.#inner = this.#open(
        consumer,
        this.#signal === undefined ? giveWay : AbortSignal.any([this.#signal, giveWay]),
      );
    } catch (error) {
      // Closed while it waited: the loop ends as any does.
      if (!isMillraceError(error, 'closed')) throw error;
      this.#inner = new Ended<Item>();
    }
  }

  #stop(): void {
    this.#inner = undefined;
    if (this.#state === 'running') this.#host.end();
    this.#state = 'over';
  }
}

class Ended<Item> implements AsyncIterableIterator<Item, undefined> {
  async next(): Promise<IteratorReturnResult<undefined>> {
    return over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }
}
