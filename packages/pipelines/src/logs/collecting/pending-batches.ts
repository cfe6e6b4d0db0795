/**
 * Batches on their way to the brokers: which wait, which are in the transaction that is under way, who waits for each.
 * What is stored already is answered from here, and what nobody waits for any more is not begun.
 */
import { randomUUID } from 'node:crypto';
import { ProblemError } from '@millrace/api';
import type { EncodedLine } from '../line/encode-line.ts';
import type { LineBatch } from './line-batch.ts';
import type { StoredBatches } from './stored-batches.ts';

/** `repeated`: the batch was stored before. */
export type StoredHow = 'stored' | 'repeated';

/** A batch that is not stored yet. */
export interface PendingBatch {
  readonly batch: LineBatch;
  /** Of this one time that it was sent. */
  readonly token: string;
  readonly lines: readonly EncodedLine[];
  readonly bytes: number;
  readonly done: PromiseWithResolvers<StoredHow>;
  /** How many senders wait for it; without any it need not be stored. */
  waiting: number;
}

const transactionBytesMax = 8 * 2 ** 20;

export class PendingBatches {
  readonly #known: StoredBatches;
  #queue: PendingBatch[] = [];
  #underWay: PendingBatch[] = [];
  /** What they take of memory. */
  bytes = 0;

  constructor(known: StoredBatches) {
    this.#known = known;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#underWay.length === 0;
  }

  get isQueueEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Those of the transaction that is under way. */
  get underWay(): readonly PendingBatch[] {
    return this.#underWay;
  }

  /** The same batch, if it is on its way already; one more waits for it then. @throws ProblemError `conflict` */
  join(batch: LineBatch): PendingBatch | undefined {
    const same = [...this.#underWay, ...this.#queue].find((pending) => {
      return pending.batch.id === batch.id && (batch.repeats === 'always' || pending.waiting === 0);
    });
    if (same === undefined) return undefined;
    checkContent(batch, same.batch.content);
    same.waiting++;
    return same;
  }

  add(batch: LineBatch, lines: readonly EncodedLine[]): PendingBatch {
    const bytes = lines.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    const done = Promise.withResolvers<StoredHow>();
    // Nobody may be left who waits for it.
    done.promise.catch(() => undefined);
    const pending: PendingBatch = { batch, token: randomUUID(), lines, bytes, done, waiting: 1 };
    this.#queue.push(pending);
    this.bytes += bytes;
    return pending;
  }

  /** One less waits for it. */
  leave(pending: PendingBatch): void {
    pending.waiting--;
    const at = pending.waiting === 0 ? this.#queue.indexOf(pending) : -1;
    if (at < 0) return;
    this.#queue.splice(at, 1);
    this.bytes -= pending.bytes;
  }

  /** Has the next ones be under way; those that are stored already are answered instead. */
  take(): readonly PendingBatch[] {
    let bytes = 0;
    while (this.#queue.length > 0 && bytes < transactionBytesMax) {
      const pending = this.#queue.shift() as PendingBatch;
      if (this.#answer(pending)) {
        this.bytes -= pending.bytes;
        continue;
      }
      this.#underWay.push(pending);
      bytes += pending.bytes;
    }
    return this.#underWay;
  }

  /** All that was under way is stored. */
  stored(at: number): void {
    for (const pending of this.#underWay) this.#stored(pending, at);
    this.#underWay = [];
  }

  /** A producer ended: what of its last transaction is stored goes by its tokens, the rest comes again. */
  settle(tokens: ReadonlySet<string>): void {
    const at = Date.now();
    for (const pending of this.#underWay.toReversed()) {
      if (tokens.has(pending.token)) this.#stored(pending, at);
      else if (pending.waiting > 0) this.#queue.unshift(pending);
      else this.bytes -= pending.bytes;
    }
    this.#underWay = [];
  }

  reject(error: Error): void {
    for (const { done } of [...this.#underWay, ...this.#queue]) done.reject(error);
  }

  /** Whether it is stored already, which its senders are told. */
  #answer({ batch, done }: PendingBatch): boolean {
    const known = this.#known.find(batch.id);
    if (known === undefined) return false;
    if (batch.repeats === 'unanswered') {
      if (known.unanswered === 0) return false;
      known.unanswered--;
    }
    try {
      checkContent(batch, known.content);
      done.resolve('repeated');
    } catch (error) {
      done.reject(error);
    }
    return true;
  }

  #stored({ batch, bytes, done, waiting }: PendingBatch, at: number): void {
    this.bytes -= bytes;
    this.#known.add(batch.id, { content: batch.content, at }, waiting > 0);
    done.resolve('stored');
  }
}

/** @throws ProblemError */
function checkContent(batch: LineBatch, content: string | undefined): void {
  if (batch.content === content) return;
  throw new ProblemError(
    'conflict',
    'this Idempotency-Key came before with other lines; give each batch a key of its own',
  );
}
