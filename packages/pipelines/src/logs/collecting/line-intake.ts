/**
 * The way of lines into `logs.lines`: masked, encoded, and written in transactions together with which batches they
 * were (`stored-batches.ts`). Batches that come while one transaction is under way are the next one.
 *
 * What is answered is stored; what is not answered, or refused, is stored once at most, however often it is sent again:
 * after whatever went wrong a new producer fences the old one, and the topic says what became of it. Memory is bounded;
 * who comes when it is full is told so.
 */
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { ProblemError } from '@millrace/api';
import { ClosingStack, isMillraceError, messageOf } from '@millrace/base';
import type { Client, Producer, Transaction } from '@millrace/client';
import { type EncodedLine, encodeLine } from '../line/encode-line.ts';
import type { LogLine } from '../line/log-line.ts';
import { Masker } from '../masking/masker.ts';
import { encodedLines, ensureLogTopics, logBatches } from '../topics.ts';
import { type LineBatch, soleBatch } from './line-batch.ts';
import { type PendingBatch, PendingBatches, type StoredHow } from './pending-batches.ts';
import { StoredBatches } from './stored-batches.ts';

export interface LineIntakeOptions {
  readonly client: Client;
  /** Names the writer on its cluster: the same after a restart, and of no other process that runs meanwhile. */
  readonly name: string;
  readonly masker?: Masker | undefined;
  /** From arrival to acknowledgement at the latest, in ms. Default 10,000. */
  readonly deliveryTimeoutMs?: number | undefined;
}

const bufferBytesMax = 32 * 2 ** 20;
const closeMs = 10_000;
const noteMs = 1_000;
const retryMs = 500;
const answersMs = 200;
const turnMs = 5;

export class LineIntake implements AsyncDisposable {
  readonly masker: Masker;
  readonly #client: Client;
  readonly #name: string;
  readonly #timeoutMs: number;
  readonly #known = new StoredBatches();
  readonly #pending = new PendingBatches(this.#known);
  readonly #stop = new AbortController();
  #transactions = 0;
  /** When the first of the transaction that is under way was begun. */
  #begunAt = 0;
  #failure: unknown;
  #running: Promise<void> | undefined;
  #wake = Promise.withResolvers<void>();
  #isClosing = false;
  #areAnswersNoted = true;

  constructor({ client, name, masker, deliveryTimeoutMs = 10_000 }: LineIntakeOptions) {
    this.masker = masker ?? new Masker();
    this.#client = client;
    this.#name = name;
    this.#timeoutMs = deliveryTimeoutMs;
  }

  /** Whether more lines are on their way to the brokers than memory has room for. */
  get isFull(): boolean {
    return this.#pending.bytes >= bufferBytesMax;
  }

  /**
   * Resolves when all lines are stored, or were before. Rejects with `unavailable` where that is not known; the same
   * batch may then be stored again. Rejects with `conflict` where the sender's key came before with other lines.
   */
  async store(lines: readonly LogLine[], batch: LineBatch = soleBatch()): Promise<StoredHow> {
    if (lines.length === 0) return 'stored';
    this.#refuse();
    const pending = this.#pending.join(batch) ?? this.#queued(batch, await this.#encoded(lines));
    const over = Promise.withResolvers<never>();
    const giveUp = (): void => over.reject(this.#unavailable('the brokers did not take them in time'));
    const timer = setTimeout(giveUp, this.#timeoutMs);
    try {
      const how = await Promise.race([pending.done.promise, over.promise]);
      if (batch.signal?.aborted === true) this.#unanswered(batch);
      return how;
    } finally {
      clearTimeout(timer);
      this.#pending.leave(pending);
    }
  }

  /** Stores what has come, for ten seconds at most. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#wake.resolve();
    // With nothing to store there is only to note what was answered.
    const boundMs = this.#pending.isEmpty ? noteMs : Math.min(closeMs, this.#timeoutMs);
    const timer = setTimeout(() => this.#stop.abort(), boundMs);
    await this.#running;
    clearTimeout(timer);
    this.#stop.abort();
    this.#pending.reject(this.#unavailable('it closes'));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refuse(): void {
    if (this.#isClosing) throw this.#unavailable('it closes');
    if (this.isFull) throw this.#unavailable('more lines arrive than the brokers take');
  }

  async #encoded(lines: readonly LogLine[]): Promise<EncodedLine[]> {
    const encoded: EncodedLine[] = [];
    let begun = performance.now();
    for (const line of lines) {
      encoded.push(encodeLine(this.masker.line(line)));
      if ((encoded.length & 31) !== 0 || performance.now() - begun <= turnMs) continue;
      await turn();
      begun = performance.now();
    }
    return encoded;
  }

  #queued(batch: LineBatch, lines: readonly EncodedLine[]): PendingBatch {
    // While it was encoded the same may have come, or memory become full.
    const same = this.#pending.join(batch);
    if (same !== undefined) return same;
    this.#refuse();
    const pending = this.#pending.add(batch, lines);
    this.#running ??= this.#run();
    this.#wake.resolve();
    return pending;
  }

  #unanswered({ id, content }: LineBatch): void {
    const known = this.#known.find(id);
    if (known === undefined) this.#known.add(id, { content, at: Date.now() }, false);
    else known.unanswered++;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !(this.#isClosing && this.#pending.isEmpty)) {
      try {
        await this.#write(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#failure = error;
        await pause(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** One life of a producer: it rejects when something went wrong, and another goes on. */
  async #write(signal: AbortSignal): Promise<void> {
    await using closing = new ClosingStack();
    const admin = closing.use(this.#client.admin());
    await ensureLogTopics(admin, signal);
    const producer = this.#client.producer({
      transactionalId: `millrace.logs.intake.${this.#name}`,
      compression: 'lz4',
      deliveryTimeoutMs: Math.max(500, Math.min(this.#timeoutMs, 30_000)),
      onDelivery: () => undefined,
    });
    // What is under way is known by its batches, or it is aborted: nothing is waited for.
    closing.use({ [Symbol.asyncDispose]: () => producer.close({ signal: AbortSignal.abort() }) });
    await (await producer.begin({ signal })).abort();
    if (this.#pending.underWay.length > 0 || this.#transactions === 0) {
      this.#pending.settle(await this.#known.read(this.#client, this.#name, this.#begunAt, signal));
    }
    this.#failure = undefined;
    for (;;) {
      if (this.#pending.isQueueEmpty && !this.#isClosing) await this.#idle(signal);
      if (signal.aborted) return;
      if (this.#pending.isQueueEmpty) {
        await this.#noteAnswers(producer, signal);
        if (this.#isClosing) return;
        continue;
      }
      await this.#writeNext(producer, signal);
    }
  }

  /** Until something comes, or a while after the last answers. */
  async #idle(signal: AbortSignal): Promise<void> {
    const timer = this.#areAnswersNoted ? undefined : setTimeout(() => this.#wake.resolve(), answersMs);
    const onAbort = (): void => this.#wake.resolve();
    signal.addEventListener('abort', onAbort);
    await this.#wake.promise;
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
    this.#wake = Promise.withResolvers();
  }

  /** Each transaction says that what the one before stored is answered; where none follows, this one. */
  async #noteAnswers(producer: Producer, signal: AbortSignal): Promise<void> {
    if (this.#areAnswersNoted) return;
    const value = { writer: this.#name, answered: true } as const;
    const note = async (transaction: Transaction): Promise<void> => {
      transaction.write({ topic: logBatches, key: this.#name, value });
    };
    await producer.transaction(note, { signal });
    this.#areAnswersNoted = true;
  }

  async #writeNext(producer: Producer, signal: AbortSignal): Promise<void> {
    if (this.#pending.take().length === 0) return;
    const number = ++this.#transactions;
    const at = Date.now();
    this.#begunAt = at;
    await producer.transaction((transaction) => this.#writeAll(transaction, number, at, signal), { signal });
    this.#pending.stored(at);
    this.#areAnswersNoted = false;
  }

  async #writeAll(transaction: Transaction, number: number, at: number, signal: AbortSignal): Promise<void> {
    for (const { batch, token, lines } of this.#pending.underWay) {
      for (const { key, value } of lines) {
        if (!transaction.write({ topic: encodedLines, key, value })) await transaction.ready({ signal });
      }
      const { id, content } = batch;
      const row = { writer: this.#name, transaction: number, token, lines: lines.length, content, at };
      transaction.write({ topic: logBatches, key: id, value: row });
    }
  }

  #unavailable(reason: string): ProblemError {
    const cause = this.#failure;
    const why = isMillraceError(cause) ? `${reason} (${messageOf(cause)})` : reason;
    const message = `the lines could not be stored: ${why}; send them again a little later`;
    return new ProblemError('unavailable', message, { cause, retryAfterSeconds: 1 });
  }
}
