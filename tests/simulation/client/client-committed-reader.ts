/** A consumer of our client that reads committed records: given no other, and in the end all of them. */
import { isMillraceError, sleep } from '@millrace/base';
import { type Client, createClient } from '@millrace/client';
import type { Actor, ActorHome, KnownPartition } from '../oracle/actor.ts';
import type { TransactionLedger } from '../oracle/transaction-ledger.ts';
import { checkReleased, clientOptions } from './client-options.ts';

export class ClientCommittedReader implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #partitions: readonly KnownPartition[];
  readonly #ledger: TransactionLedger;
  #stopped = false;
  #recordsRead = 0;

  /** `partitions` are all those of their topics. */
  constructor(home: ActorHome, partitions: readonly KnownPartition[], ledger: TransactionLedger) {
    this.name = home.name;
    this.#home = home;
    this.#partitions = partitions;
    this.#ledger = ledger;
    this.done = home.work(() => this.#run());
  }

  get recordsRead(): number {
    return this.#recordsRead;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Reads everything, again and again. */
  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#read();
      await sleep(this.#home.platform.timers, this.#home.randomness.integer(2000));
    }
  }

  /** Each transaction is there whole, or not at all. */
  async check(): Promise<void> {
    for (;;) {
      const found = await this.#read();
      if (found !== undefined) return this.#ledger.complete(found);
    }
  }

  /** All that is committed now; undefined when the brokers could not be reached for too long. */
  async #read(): Promise<ReadonlyMap<KnownPartition, ReadonlyMap<number, string>> | undefined> {
    const client = createClient(clientOptions(this.#home));
    try {
      return await this.#readWith(client);
    } catch (error) {
      if (!isMillraceError(error) || !error.retriable) throw error;
      return undefined;
    } finally {
      await client.close();
      checkReleased(this.#home);
    }
  }

  async #readWith(client: Client): Promise<ReadonlyMap<KnownPartition, ReadonlyMap<number, string>>> {
    await using consumer = client.consumer({
      topics: [...new Set(this.#partitions.map(({ topic }) => topic))],
      from: 'earliest',
      until: 'end',
      isolation: 'read_committed',
      fetchWaitMs: 50,
    });
    const found = new Map(this.#partitions.map((partition) => [partition, new Map<number, string>()]));
    for await (const batch of consumer) {
      for (const { topic, partition: index, offset, valueBytes } of batch) {
        const partition = this.#partitions.find((each) => each.topic === topic && each.index === index);
        const value = Buffer.from(valueBytes ?? []).toString();
        partition?.history.seen(offset, value);
        if (partition === undefined) continue;
        this.#ledger.seen(partition, offset, value);
        found.get(partition)?.set(offset, value);
        this.#recordsRead += 1;
      }
    }
    return found;
  }
}
