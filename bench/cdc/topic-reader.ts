/** Reads the topic that a capture writes, and says when rows are there to be read. */
import { type Client, type Consumer, createClient } from '@millrace/client';

export interface Arrivals {
  /** When the first and the last of the rows were read, in ms of this process's clock. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** By row: when it was read. Only those that are asked for. */
  readonly at: ReadonlyMap<number, number>;
}

const waitMsMax = 300_000;

/** One reader of committed records for all of a run, so that no wait begins with what was read before. */
export class TopicReader implements AsyncDisposable {
  readonly #client: Client;
  readonly #topic: string;
  #consumer: Consumer | undefined;
  #batches: AsyncIterator<Iterable<{ readonly keyBytes: Uint8Array | null; readonly valueBytes: unknown }>> | undefined;

  constructor(bootstrap: string, topic: string) {
    this.#client = createClient({ bootstrap });
    this.#topic = topic;
  }

  /** Waits until the rows `from` to `to` have been read. */
  async until(from: number, to: number, isEach: boolean): Promise<Arrivals> {
    const signal = AbortSignal.timeout(waitMsMax);
    this.#batches ??= await this.#open(signal);
    const at = new Map<number, number>();
    let [firstMs, lastMs, left] = [0, 0, to - from + 1];
    while (left > 0) {
      const { value: batch, done } = await this.#batches.next();
      if (done === true) break;
      const now = performance.now();
      for (const { keyBytes, valueBytes } of batch) {
        if (keyBytes === null || valueBytes === null) continue;
        const id = numberIn(keyBytes);
        if (id < from || id > to) continue;
        if (firstMs === 0) firstMs = now;
        lastMs = now;
        if (isEach) at.set(id, now);
        left--;
      }
      signal.throwIfAborted();
    }
    return { firstMs, lastMs, at };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer?.close();
    await this.#client.close();
  }

  async #open(signal: AbortSignal) {
    await using admin = this.#client.admin();
    while ((await admin.listTopics()).every((listed) => listed.topic !== this.#topic)) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.#consumer = this.#client.consumer({ topics: [this.#topic], from: 'earliest', isolation: 'read_committed' });
    return this.#consumer[Symbol.asyncIterator]();
  }
}

/** The first number in a key, which has one. */
function numberIn(key: Uint8Array): number {
  let number = 0;
  let isIn = false;
  for (const byte of key) {
    const digit = byte - 0x30;
    if (digit >= 0 && digit <= 9) {
      number = number * 10 + digit;
      isIn = true;
    } else if (isIn) break;
  }
  return number;
}
