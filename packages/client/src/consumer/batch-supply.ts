/**
 * Hands out batches one at a time: the next that has arrived, checked and decompressed, or waits for one. Lets the
 * event loop turn when the user's loop has run for a while without (heartbeats and fetches live there).
 */
import type { Platform } from '@millrace/base';
import { CorruptBatchError } from '../errors.ts';
import type { Arrivals } from './arrivals.ts';
import { ConsumedBatch } from './consumed-batch.ts';
import type { FetchedChunk } from './fetched-chunk.ts';
import type { LoopGate } from './loop-gate.ts';
import type { PartitionState } from './partition-state.ts';
import type { TopicReader } from './topic-reader.ts';

/** A loop that runs longer than this without waiting for anything yields once. */
const turnMsMax = 5;

/** A batch that the loop has in hand. */
export interface BatchInHand {
  readonly batch: ConsumedBatch;
  readonly chunk: FetchedChunk;
  /** The chunk is used up with it. */
  readonly isLast: boolean;
}

export interface BatchSupplyHost {
  readonly readerOf: (topic: string) => TopicReader;
  /** The error to throw at the loop, once. */
  readonly takeFailure: () => Error | undefined;
  /** Everything a bounded loop was to read has been handed out, or the consumer is closed. */
  readonly isOver: () => boolean;
  readonly memoryFreed: () => void;
  /** What was fetched of a partition is of no use, and its memory wanted. */
  readonly dropFetched: (state: PartitionState) => void;
  readonly checkCrc: boolean;
}

export class BatchSupply {
  readonly #platform: Platform;
  readonly #gate: LoopGate;
  readonly #arrivals: Arrivals;
  readonly #host: BatchSupplyHost;
  #turnStartedAt = 0;

  constructor(platform: Platform, gate: LoopGate, arrivals: Arrivals, host: BatchSupplyHost) {
    this.#platform = platform;
    this.#gate = gate;
    this.#arrivals = arrivals;
    this.#host = host;
  }

  get gate(): LoopGate {
    return this.#gate;
  }

  /** Whether the loop has kept the event loop for so long that it should yield. */
  get shouldYield(): boolean {
    return this.#platform.clock.monotonic() - this.#turnStartedAt > turnMsMax;
  }

  /** Lets the event loop turn. */
  async yield(): Promise<void> {
    await new Promise<void>((resolve) => this.#platform.timers.soon(resolve));
    this.#turnStartedAt = this.#platform.clock.monotonic();
  }

  /**
   * The next batch; undefined when there will be none. Rejects with the signal's reason, or what keeps the consumer
   * from going on.
   */
  async next(signal: AbortSignal | undefined): Promise<BatchInHand | undefined> {
    this.#gate.ask();
    if (this.shouldYield) await this.yield();
    for (;;) {
      signal?.throwIfAborted();
      const failure = this.#host.takeFailure();
      if (failure !== undefined) throw failure;
      if (this.#host.isOver()) return undefined;
      const batch = this.#gate.isHeld ? undefined : await this.#take();
      if (batch !== undefined) {
        this.#gate.hand();
        return batch;
      }
      if (this.#host.isOver()) return undefined;
      await this.#gate.wait();
      this.#turnStartedAt = this.#platform.clock.monotonic();
    }
  }

  /** The batch is handled: commits may say so. */
  handled({ batch, chunk, isLast }: BatchInHand): void {
    const { state } = chunk;
    if (chunk.epoch === state.seekCount && state.isOwned) {
      state.handled = batch.nextOffset;
      state.handledEpoch = chunk.leaderEpoch;
    }
    if (isLast) this.#letGo(chunk);
  }

  /** The batch was given up halfway: what is left of it comes again. */
  putBack({ chunk, isLast }: BatchInHand): void {
    if (isLast) this.#arrivals.putBack(chunk);
  }

  /** The batch was given up; it does not count as handled, and does not come again. */
  abandoned({ chunk, isLast }: BatchInHand): void {
    if (isLast) this.#letGo(chunk);
  }

  #letGo(chunk: FetchedChunk): void {
    this.#arrivals.release(chunk);
    this.#host.memoryFreed();
  }

  async #take(): Promise<BatchInHand | undefined> {
    for (;;) {
      const chunk = this.#arrivals.peek();
      if (chunk === undefined) return undefined;
      const preparing = this.#prepare(chunk);
      if (preparing !== undefined) {
        await this.#prepared(chunk, preparing);
        // The world may have changed meanwhile: look again.
        if (this.#gate.isHeld) return undefined;
        continue;
      }
      const batch = this.#handOut(chunk);
      const next = this.#arrivals.peek();
      if (next !== undefined) this.#prepareAhead(next);
      if (batch !== undefined) return batch;
    }
  }

  #handOut(chunk: FetchedChunk): BatchInHand | undefined {
    const { state } = chunk;
    const piece = chunk.takePiece();
    const batch = new ConsumedBatch(chunk, piece, this.#host.readerOf(state.topic), state.endOffset);
    const isLast = piece.isLast || batch.nextOffset === state.endOffset;
    if (isLast) this.#arrivals.take(chunk);
    const isUntouched = state.handled === state.position;
    state.position = batch.nextOffset;
    state.positionEpoch = chunk.leaderEpoch;
    if (batch.recordCount > 0) return { batch, chunk, isLast };
    // Nothing for applications in it: control records, or what compaction left.
    if (isUntouched) state.handled = batch.nextOffset;
    if (isLast) this.#letGo(chunk);
    return undefined;
  }

  #prepare(chunk: FetchedChunk): Promise<void> | undefined {
    try {
      return chunk.prepare(this.#host.checkCrc);
    } catch (error) {
      throw this.#unreadable(chunk, error);
    }
  }

  async #prepared(chunk: FetchedChunk, preparing: Promise<void>): Promise<void> {
    try {
      await preparing;
    } catch (error) {
      throw this.#unreadable(chunk, error);
    }
  }

  /**
   * Decompression of the next chunk goes on while the user handles this one; what fails there, fails again when it is
   * due.
   */
  #prepareAhead(chunk: FetchedChunk): void {
    try {
      void chunk.prepare(this.#host.checkCrc);
    } catch (error) {
      if (!(error instanceof CorruptBatchError)) throw error;
    }
  }

  /** It is fetched again by the next loop, in case it was the way and not the log that spoilt it. */
  #unreadable(chunk: FetchedChunk, error: unknown): unknown {
    if (error instanceof CorruptBatchError) this.#host.dropFetched(chunk.state);
    return error;
  }
}
