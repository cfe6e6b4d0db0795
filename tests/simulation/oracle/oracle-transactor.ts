/**
 * A transactional producer: writes to several partitions and commits a group's offset in transactions, commits or
 * aborts them, is replaced by a successor in the middle of one, and then goes on as a zombie, which the broker must
 * refuse. Speaks both the first transaction protocol and that of KIP-890.
 */
import { errorCodes, RecordBatchBuilder } from '@millrace/wire';
import type { Actor, ActorHome, KnownPartition } from './actor.ts';
import { InvariantViolation, numberedValue } from './history.ts';
import type { Transaction, TransactionLedger } from './transaction-ledger.ts';
import { type Identity, Refused, TransactionalPeer } from './transactional-peer.ts';

export interface TransactorPlan {
  readonly transactions: number;
  /** Which transaction protocol: 1 adds partitions by requests of their own, 2 with the records (KIP-890). */
  readonly protocol: 1 | 2;
  /** After so long the broker aborts; when it is short, some transactions take longer. */
  readonly timeoutMs: number;
  readonly recordsPerBatchMax: number;
  readonly pauseMs: number;
}

/** Short enough for stalls and pauses to exceed it. */
export const shortTimeoutMs = 5000;

export class OracleTransactor implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #plan: TransactorPlan;
  readonly #partitions: readonly KnownPartition[];
  readonly #ledger: TransactionLedger;
  readonly #peer: TransactionalPeer;
  readonly #builder = new RecordBatchBuilder(256);
  #identity: Identity = { producerId: -1, producerEpoch: -1 };
  /** By partition, for the identity. */
  #sequences = new Map<KnownPartition, number>();
  /** Who was replaced, and goes on all the same. */
  #predecessor: { readonly identity: Identity; readonly sequences: ReadonlyMap<KnownPartition, number> } | undefined;
  /** What the group's offset may be. */
  #offsets: number[] = [-1];
  #stopped = false;
  #zombies = 0;
  #refused = 0;

  constructor(home: ActorHome, plan: TransactorPlan, partitions: readonly KnownPartition[], ledger: TransactionLedger) {
    this.name = home.name;
    this.#home = home;
    this.#plan = plan;
    this.#partitions = partitions;
    this.#ledger = ledger;
    this.#peer = new TransactionalPeer(home, this.name, plan.protocol);
    this.done = home.work(() => this.#run());
  }

  /** How often a predecessor went on and was refused. */
  get zombies(): number {
    return this.#zombies;
  }

  /** Transactions that took longer than they may. */
  get expired(): number {
    return this.#refused;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    await this.#identify();
    for (let number = 0; number < this.#plan.transactions && !this.#stopped; number++) {
      const transaction = this.#ledger.begin(this.name, number, this.#plan.timeoutMs === shortTimeoutMs);
      try {
        await this.#transact(transaction, number);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.#expire(transaction, error);
        await this.#identify();
      }
      await this.#home.anyBroker().pause(2 * this.#plan.pauseMs);
    }
  }

  async #transact(transaction: Transaction, number: number): Promise<void> {
    const { randomness } = this.#home;
    const partitions = this.#partitions.filter(() => randomness.integer(2) === 0);
    if (partitions.length === 0) partitions.push(this.#partitions[0] as KnownPartition);
    await this.#peer.addPartitions(this.#identity, partitions);
    let next = 0;
    for (let round = 0; round <= randomness.integer(3); round++) {
      for (const partition of partitions) next = await this.#write(transaction, partition, next);
      if (randomness.integer(4) === 0) await this.#tryAsZombie();
      if (this.#plan.timeoutMs === shortTimeoutMs && randomness.integer(12) === 0) {
        await this.#home.anyBroker().pause(3 * shortTimeoutMs);
      }
    }
    const withOffset = randomness.integer(2) === 0;
    if (withOffset) await this.#peer.commitOffset(this.#identity, this.#partitions[0] as KnownPartition, number);
    const fate = randomness.integer(10);
    if (fate === 0) return await this.#succeed(transaction, number, withOffset, false);
    if (fate === 1) return await this.#succeed(transaction, number, withOffset, true);
    const commit = fate > 3;
    transaction.outcome = commit ? 'committing' : 'aborting';
    this.#become(await this.#peer.end(this.#identity, commit));
    this.#ledger.end(transaction, commit ? 'committed' : 'aborted');
    if (commit && withOffset) this.#offsets = [number];
    if (randomness.integer(4) === 0) await this.check();
  }

  /** A successor takes over before the transaction is ended, perhaps with its commit on the way. */
  async #succeed(transaction: Transaction, number: number, withOffset: boolean, committing: boolean): Promise<void> {
    this.#predecessor = { identity: this.#identity, sequences: this.#sequences };
    if (committing) {
      transaction.outcome = 'committing';
      await this.#peer.postCommit(this.#identity);
    } else transaction.outcome = 'aborting';
    await this.#identify();
    this.#ledger.end(transaction, committing ? 'unknown' : 'aborted');
    if (committing && withOffset) this.#offsets.push(number);
    if (this.#home.randomness.integer(2) === 0) await this.#tryAsZombie();
  }

  /** What the predecessor still tries must be refused. */
  async #tryAsZombie(): Promise<void> {
    if (this.#predecessor === undefined) return;
    const { identity, sequences } = this.#predecessor;
    const partition = this.#partitions[this.#home.randomness.integer(this.#partitions.length)] as KnownPartition;
    const sequence = sequences.get(partition) ?? 0;
    const bytes = this.#batch([numberedValue(`zombie-${this.name}`, 0, '')], identity, sequence);
    const produced = await this.#peer.produce(partition, bytes);
    if (produced.errorCode === errorCodes.NONE)
      this.#violate(`a zombie's records were taken by ${partition.history.name}`);
    try {
      await this.#peer.end(identity, true);
      this.#violate("a zombie's commit was taken");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    this.#zombies += 1;
  }

  /** The broker has aborted a transaction that took too long; nothing else may refuse it. */
  #expire(transaction: Transaction, refused: Refused): void {
    if (this.#plan.timeoutMs !== shortTimeoutMs) this.#violate(refused.message);
    this.#refused += 1;
    this.#ledger.end(transaction, transaction.outcome === 'committing' ? 'unknown' : 'aborted');
  }

  async #identify(): Promise<void> {
    this.#become(await this.#peer.identify(this.#plan.timeoutMs));
  }

  /** A new epoch begins its sequence numbers again. */
  #become(identity: Identity): void {
    if (identity !== this.#identity) this.#sequences = new Map();
    this.#identity = identity;
  }

  /** Writes a batch and answers the number of the next record. */
  async #write(transaction: Transaction, partition: KnownPartition, first: number): Promise<number> {
    const { randomness } = this.#home;
    const count = 1 + randomness.integer(this.#plan.recordsPerBatchMax);
    const values = Array.from({ length: count }, (_, index) =>
      numberedValue(transaction.name, first + index, '.'.repeat(randomness.integer(100))),
    );
    const sequence = this.#sequences.get(partition) ?? 0;
    const { errorCode, baseOffset } = await this.#peer.produce(
      partition,
      this.#batch(values, this.#identity, sequence),
    );
    if (errorCode !== errorCodes.NONE) throw new Refused(`a batch for ${partition.history.name}`, errorCode);
    this.#sequences.set(partition, sequence + count);
    partition.history.acknowledge(baseOffset, values);
    this.#ledger.acknowledge(transaction, partition, baseOffset, count);
    return first + count;
  }

  #batch(values: readonly string[], identity: Identity, baseSequence: number): Uint8Array {
    this.#builder.reset();
    for (const value of values) this.#builder.append(this.#home.platform.clock.now(), null, value);
    return Uint8Array.from(this.#builder.build({ ...identity, baseSequence, transactional: true }));
  }

  /** Compares the group's offset with what was committed. */
  async check(): Promise<void> {
    const offset = await this.#peer.committedOffset(this.#partitions[0] as KnownPartition);
    if (this.#offsets.includes(offset)) return;
    this.#violate(`the offset of ${this.#peer.group} is ${offset} where ${this.#offsets.join(' or ')} was committed`);
  }

  #violate(message: string): void {
    this.#home.fail(new InvariantViolation(`${this.name}: ${message}`));
  }
}
