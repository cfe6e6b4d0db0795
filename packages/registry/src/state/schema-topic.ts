/**
 * The registry's topic: facts in, state out. Any number of processes read it. Any may write, one at a time: who writes
 * takes the transactional id, which fences the writer before, then reads to the end, decides on what it has read, and
 * commits. A commit by a writer that was fenced meanwhile fails, and its write is decided anew on what the other wrote.
 *
 * Invariants: a decision that was committed was made on everything committed before it. When nobody can say what became
 * of a commit, the topic is read for it before it is tried again, so that nothing is written twice.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '@millrace/base';
import { bytes, type Client, type ConsumerBatch, type Producer, topic } from '@millrace/client';
import { RegistryError } from '../registry-error.ts';
import { ensureSchemaTopic } from './ensure-schema-topic.ts';
import { decodeFact, encodeFact, type Fact } from './fact.ts';
import { RegistryState } from './registry-state.ts';

export interface SchemaTopicOptions {
  readonly client: Client;
  /** Name of the topic. */
  readonly topic: string;
  /** Told of what is handled in the background, as a sentence. */
  readonly warn: (message: string) => void;
  /** Bound on a write, in ms. */
  readonly writeTimeoutMs: number;
  /** Whether it makes the topic where it is absent; a replica's is made by who copies it. */
  readonly creates: boolean;
}

/** What a write is to do: facts to add, and what its caller is told. */
export interface Decision<Result> {
  readonly facts: readonly Fact[];
  readonly result: Result;
}

const retryMs = 500;
/** How often a writer that others fence tries again before it gives up. */
const attemptsMax = 20;

export class SchemaTopic implements AsyncDisposable {
  readonly #options: SchemaTopicOptions;
  readonly #state = new RegistryState();
  readonly #stop = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  readonly #following: Promise<void>;
  /** Offset of the next record to apply. */
  #next = 0;
  #isComplete = false;
  /** Why nothing can be read now. */
  #failure: string | undefined;
  #producer: Producer | undefined;
  /** The write that is under way, to be recognised when it is read. */
  #pending: { readonly id: string; seen: boolean } | undefined;
  #lastWrite: Promise<unknown> = Promise.resolve();

  /** Begins to read at once, and goes on until it is closed. */
  constructor(options: SchemaTopicOptions) {
    this.#options = options;
    this.#following = this.#follow();
  }

  /** What was read so far; all there was at the start once `ready` has resolved. */
  get state(): RegistryState {
    return this.#state;
  }

  /** Whether everything that was in the topic at the start has been read. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Why nothing can be read now; undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Resolves when `isComplete`; never rejects. */
  get ready(): Promise<void> {
    return this.#first.promise;
  }

  /**
   * Decides on the newest state and writes what was decided; writes of one process take turns. Rejects with what
   * `decide` throws, and with RegistryError `home_unreachable` when the cluster can't be written to in time.
   */
  write<Result>(decide: (state: RegistryState) => Decision<Result>): Promise<Result> {
    const turn = this.#lastWrite.then(() => this.#write(decide));
    // The next turn comes whatever becomes of this one, whose caller is told.
    this.#lastWrite = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the registry is closing'));
    await this.#following;
    await this.#lastWrite;
    await this.#dropProducer();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #write<Result>(decide: (state: RegistryState) => Decision<Result>): Promise<Result> {
    const pending = { id: randomUUID(), seen: false };
    const deadline = performance.now() + this.#options.writeTimeoutMs;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#options.writeTimeoutMs)]);
    this.#pending = pending;
    let tried: Result | undefined;
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#attempt(decide, pending, signal, tried, (result) => {
            tried = result;
          });
        } catch (error) {
          if (error instanceof RegistryError) throw error;
          await this.#dropProducer();
          if (signal.aborted || attempt === attemptsMax || performance.now() > deadline) throw unreachable(error);
          // Two that fence each other must fall out of step.
          await pause(Math.random() * 50 * Math.min(attempt, 8), undefined, { signal }).catch(() => undefined);
        }
      }
    } finally {
      this.#pending = undefined;
    }
  }

  async #attempt<Result>(
    decide: (state: RegistryState) => Decision<Result>,
    pending: { readonly id: string; seen: boolean },
    signal: AbortSignal,
    tried: Result | undefined,
    onTry: (result: Result) => void,
  ): Promise<Result> {
    const { client, topic: name, writeTimeoutMs } = this.#options;
    if (this.#producer === undefined) {
      await ensureSchemaTopic(client, name, signal);
      this.#producer = client.producer({ transactionalId: name, deliveryTimeoutMs: writeTimeoutMs });
    }
    await using transaction = await this.#producer.begin({ signal });
    await this.#readToEnd(signal);
    if (pending.seen) return tried as Result;
    const { facts, result } = decide(this.#state);
    if (facts.length === 0) return result;
    onTry(result);
    const headers = { write: pending.id };
    const sent = facts.map((fact) => transaction.send({ topic: name, ...encodeFact(fact), partition: 0, headers }));
    const positions = await Promise.all(sent);
    await transaction.commit({ signal });
    for (const [index, fact] of facts.entries()) this.#apply((positions[index]?.offset as number) + 1, fact);
    return result;
  }

  /** Reads what is committed until the signal aborts; after a failure it goes on where it was. */
  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        if (!this.#isComplete) await this.#begin(signal);
        this.#failure = undefined;
        await this.#read(undefined, signal);
      } catch (error) {
        if (signal.aborted) return;
        const failure = messageOf(error);
        if (failure !== this.#failure) this.#options.warn(`schemas can't be read, which is tried again: ${failure}`);
        this.#failure = failure;
        await pause(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { client, topic: name, creates } = this.#options;
    if (creates) await ensureSchemaTopic(client, name, signal);
    await this.#readToEnd(signal);
    this.#isComplete = true;
    this.#first.resolve();
  }

  #readToEnd(signal: AbortSignal): Promise<void> {
    return this.#read('end', signal);
  }

  async #read(until: 'end' | undefined, signal: AbortSignal): Promise<void> {
    const described = topic(this.#options.topic, { key: bytes, value: bytes });
    await using consumer = this.#options.client.consumer<[typeof described]>({
      assign: [{ topic: described, partition: 0, offset: this.#next }],
      isolation: 'read_committed',
      from: 'earliest',
      until,
    });
    for await (const batch of consumer.batches({ signal })) this.#applyBatch(batch);
  }

  #applyBatch(batch: ConsumerBatch): void {
    for (const record of batch) {
      if (record.offset < this.#next) continue;
      const mark = record.header('write');
      if (this.#pending !== undefined && mark != null && Buffer.from(mark).toString() === this.#pending.id) {
        this.#pending.seen = true;
      }
      const fact = decodeFact(record.keyBytes, record.valueBytes);
      if (typeof fact !== 'string') {
        this.#apply(record.offset + 1, fact);
        continue;
      }
      this.#next = record.offset + 1;
      this.#options.warn(`record ${record.offset} of topic ${this.#options.topic} is left out: ${fact}`);
    }
  }

  /** Readers that run at a time meet the same records: each counts once. */
  #apply(next: number, fact: Fact): void {
    if (next <= this.#next) return;
    this.#next = next;
    this.#state.apply(fact);
  }

  async #dropProducer(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.close().catch((error: unknown) => this.#options.warn(`a writer ended badly: ${messageOf(error)}`));
  }
}

function unreachable(cause: unknown): RegistryError {
  const message =
    "The registry is read-only now: its home cluster can't be written to " +
    `(${messageOf(cause)}). Try again once it is reachable.`;
  return new RegistryError('home_unreachable', message, { cause });
}
