/** Records that go through a cluster and come back. */
import assert from 'node:assert/strict';
import { type Client, text, topic } from '@millrace/client';
import { eventually } from '../support/eventually.ts';

const WAIT_MS = 90_000;

/** Writes numbers to a topic and reads them back, through the same client, until it is told to end. */
export class Traffic implements AsyncDisposable {
  readonly #client: Client;
  readonly #topic: string;
  readonly #reading: Promise<void>;
  readonly #writing: Promise<void>;
  readonly #abort = new AbortController();
  sent = 0;
  readonly read: string[] = [];

  constructor(client: Client, name: string) {
    this.#client = client;
    this.#topic = name;
    this.#reading = this.#readAll();
    this.#writing = this.#writeOn();
    // Awaited by `end`.
    for (const work of [this.#reading, this.#writing]) work.catch(() => undefined);
  }

  /** Resolves when so many more records have come back. */
  async flows(records = 20): Promise<void> {
    const goal = this.read.length + records;
    await Promise.race([
      eventually(() => this.read.length >= goal, { timeoutMs: WAIT_MS, describe: () => 'records do not flow' }),
      this.#writing,
      this.#reading,
    ]);
  }

  /** Ends it, and checks that each record came once and in order. */
  async end(): Promise<void> {
    this.#abort.abort();
    await this.#writing;
    await eventually(() => this.read.length >= this.sent, { timeoutMs: WAIT_MS });
    await this.#client.close();
    await this.#reading;
    assert.deepEqual(
      this.read,
      Array.from({ length: this.sent }, (_, number) => `${number}`),
    );
  }

  /** Ends it, whatever became of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await Promise.allSettled([this.#client.close(), this.#writing, this.#reading]);
  }

  async #writeOn(): Promise<void> {
    const numbers = topic(this.#topic, { value: text });
    const producer = this.#client.producer();
    while (!this.#abort.signal.aborted) {
      await producer.send({ topic: numbers, value: `${this.sent++}` });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async #readAll(): Promise<void> {
    const numbers = topic(this.#topic, { value: text });
    const group = `group-${this.#topic}`;
    const consumer = this.#client.consumer({ group, topics: [numbers], from: 'earliest' });
    for await (const batch of consumer) for (const { value } of batch) this.read.push(value);
  }
}
