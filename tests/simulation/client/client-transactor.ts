/**
 * A transactional producer of our client: writes to several partitions in transactions, commits or aborts them, and is
 * replaced by a successor in the middle of one, whereupon it must be told that it is fenced.
 */
import { sleep } from '@millrace/base';
import {
  type Client,
  createClient,
  type Transaction as OpenTransaction,
  type Producer,
  ProducerFencedError,
} from '@millrace/client';
import type { Actor, ActorHome, KnownPartition } from '../oracle/actor.ts';
import { InvariantViolation, numberedValue } from '../oracle/history.ts';
import type { Transaction, TransactionLedger } from '../oracle/transaction-ledger.ts';
import { checkReleased, clientOptions } from './client-options.ts';

export interface ClientTransactorPlan {
  readonly transactions: number;
  readonly recordsPerTransactionMax: number;
  readonly lingerMs: number;
  readonly pauseMs: number;
}

export class ClientTransactor implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #plan: ClientTransactorPlan;
  readonly #partitions: readonly KnownPartition[];
  readonly #ledger: TransactionLedger;
  #stopped = false;
  #fenced = 0;

  constructor(
    home: ActorHome,
    plan: ClientTransactorPlan,
    partitions: readonly KnownPartition[],
    ledger: TransactionLedger,
  ) {
    this.name = home.name;
    this.#home = home;
    this.#plan = plan;
    this.#partitions = partitions;
    this.#ledger = ledger;
    this.done = home.work(() => this.#run());
  }

  /** How often a producer was replaced, and told so. */
  get fenced(): number {
    return this.#fenced;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    const client = createClient(clientOptions(this.#home));
    let producer = this.#producer(client);
    for (let number = 0; number < this.#plan.transactions && !this.#stopped; number++) {
      const open = await producer.begin();
      const transaction = this.#ledger.begin(this.name, number, false);
      await this.#write(open, transaction);
      if (this.#home.randomness.integer(5) === 0) producer = await this.#succeed(client, producer, open, transaction);
      else await this.#end(open, transaction);
      await sleep(this.#home.platform.timers, this.#home.randomness.float() * 2 * this.#plan.pauseMs);
    }
    await producer.close();
    await client.close();
    checkReleased(this.#home);
  }

  #producer(client: Client): Producer {
    return client.producer({
      transactionalId: this.name,
      transactionTimeoutMs: 900_000,
      lingerMs: this.#plan.lingerMs,
      deliveryTimeoutMs: 600_000,
    });
  }

  async #write(open: OpenTransaction, transaction: Transaction): Promise<void> {
    const { randomness } = this.#home;
    const sends: Promise<void>[] = [];
    const count = 1 + randomness.integer(this.#plan.recordsPerTransactionMax);
    for (let number = 0; number < count; number++) {
      const partition = this.#partitions[randomness.integer(this.#partitions.length)] as KnownPartition;
      const value = numberedValue(transaction.name, number, '.'.repeat(randomness.integer(100)));
      sends.push(this.#send(open, transaction, partition, value));
      if (randomness.integer(4) === 0) await sends.at(-1);
    }
    await Promise.all(sends);
  }

  async #send(
    open: OpenTransaction,
    transaction: Transaction,
    partition: KnownPartition,
    value: string,
  ): Promise<void> {
    const { topic, index } = partition;
    const { offset } = await open.send({ topic, partition: index, key: null, value: Buffer.from(value) });
    partition.history.acknowledge(offset, [value]);
    this.#ledger.acknowledge(transaction, partition, offset, 1);
  }

  async #end(open: OpenTransaction, transaction: Transaction): Promise<void> {
    const commits = this.#home.randomness.integer(3) > 0;
    transaction.outcome = commits ? 'committing' : 'aborting';
    if (commits) await open.commit();
    else await open.abort();
    this.#ledger.end(transaction, commits ? 'committed' : 'aborted');
  }

  /** Another producer of the same name begins, which ends this one's transaction. */
  async #succeed(
    client: Client,
    producer: Producer,
    open: OpenTransaction,
    transaction: Transaction,
  ): Promise<Producer> {
    transaction.outcome = 'aborting';
    const successor = this.#producer(client);
    const next = await successor.begin();
    this.#ledger.end(transaction, 'aborted');
    try {
      await open.commit();
      throw new InvariantViolation(`${this.name}: a producer that was replaced could commit ${transaction.name}`);
    } catch (error) {
      if (!(error instanceof ProducerFencedError)) throw error;
      this.#fenced += 1;
    }
    await producer.close();
    await next.abort();
    return successor;
  }
}
