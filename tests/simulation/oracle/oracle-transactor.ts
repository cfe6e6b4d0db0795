/**
 * A transactional producer: writes to several partitions and commits a group's offset in transactions, commits or
 * aborts them, is replaced by a successor in the middle of one, and then goes on as a zombie, which the broker must
 * refuse. Speaks both the first transaction protocol and that of KIP-890.
 */
import {
  type Api,
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  errorCodes,
  errorRow,
  findCoordinator,
  initProducerId,
  offsetFetch,
  produce,
  RecordBatchBuilder,
  type RequestDraft,
  type ResponseOf,
  txnOffsetCommit,
} from '@millrace/wire';
import type { Actor, ActorHome, KnownPartition } from './actor.ts';
import type { Endpoint } from './endpoint.ts';
import { findCoordinatorOf } from './find-coordinator.ts';
import { InvariantViolation, numberedValue } from './history.ts';
import type { Transaction, TransactionLedger } from './transaction-ledger.ts';
import { ConnectionGone, someVersion } from './wire-connection.ts';

export interface TransactorPlan {
  readonly transactions: number;
  /** Which transaction protocol: 1 adds partitions by requests of their own, 2 with the records (KIP-890). */
  readonly protocol: 1 | 2;
  /** After so long the broker aborts; when it is short, some transactions take longer. */
  readonly timeoutMs: number;
  readonly recordsPerBatchMax: number;
  readonly pauseMs: number;
}

interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** The broker takes nothing more from this identity. */
class Refused extends Error {
  readonly errorCode: number;

  constructor(what: string, errorCode: number) {
    super(`${what} was refused: ${errorRow(errorCode).name}`);
    this.errorCode = errorCode;
  }
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

  get #group(): string {
    return `group-${this.name}`;
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
    if (this.#plan.protocol === 1) await this.#addPartitions(partitions);
    let next = 0;
    for (let round = 0; round <= randomness.integer(3); round++) {
      for (const partition of partitions) next = await this.#write(transaction, partition, next);
      if (randomness.integer(4) === 0) await this.#tryAsZombie();
      if (this.#plan.timeoutMs === shortTimeoutMs && randomness.integer(12) === 0) {
        await this.#home.anyBroker().pause(3 * shortTimeoutMs);
      }
    }
    const withOffset = randomness.integer(2) === 0;
    if (withOffset) await this.#commitOffset(number);
    const fate = randomness.integer(10);
    if (fate === 0) return await this.#succeed(transaction, number, withOffset, false);
    if (fate === 1) return await this.#succeed(transaction, number, withOffset, true);
    const commit = fate > 3;
    transaction.outcome = commit ? 'committing' : 'aborting';
    await this.#end(commit);
    this.#ledger.end(transaction, commit ? 'committed' : 'aborted');
    if (commit && withOffset) this.#offsets = [number];
    if (randomness.integer(4) === 0) await this.check();
  }

  /** A successor takes over before the transaction is ended, perhaps with its commit on the way. */
  async #succeed(transaction: Transaction, number: number, withOffset: boolean, committing: boolean): Promise<void> {
    this.#predecessor = { identity: this.#identity, sequences: this.#sequences };
    if (committing) {
      transaction.outcome = 'committing';
      const coordinator = await this.#coordinator();
      const connection = await coordinator.open();
      const sent = connection.request(endTxn, this.#endVersion(), { ...this.#named(), committed: true });
      sent.catch((error: unknown) => {
        if (!(error instanceof ConnectionGone)) this.#home.fail(error as Error);
      });
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
    const produced = await this.#produce(partition, bytes);
    if (produced.errorCode === errorCodes.NONE)
      this.#violate(`a zombie's records were taken by ${partition.history.name}`);
    const draft = { transactionalId: this.name, ...identity, committed: true };
    const { errorCode } = await this.#askCoordinator(endTxn, this.#endVersion(), draft);
    if (errorCode === errorCodes.NONE) this.#violate("a zombie's commit was taken");
    this.#zombies += 1;
  }

  /** The broker has aborted a transaction that took too long; nothing else may refuse it. */
  #expire(transaction: Transaction, refused: Refused): void {
    if (this.#plan.timeoutMs !== shortTimeoutMs) this.#violate(refused.message);
    this.#refused += 1;
    this.#ledger.end(transaction, transaction.outcome === 'committing' ? 'unknown' : 'aborted');
  }

  async #identify(): Promise<void> {
    const draft = { transactionalId: this.name, transactionTimeoutMs: this.#plan.timeoutMs };
    const version = someVersion(this.#home.randomness, 0, 5);
    const response = await this.#askCoordinator(initProducerId, version, draft);
    if (response.errorCode !== errorCodes.NONE) throw new Refused('an identity', response.errorCode);
    this.#identity = { producerId: response.producerId, producerEpoch: response.producerEpoch };
    this.#sequences = new Map();
  }

  async #addPartitions(partitions: readonly KnownPartition[]): Promise<void> {
    const names = [...new Set(partitions.map(({ topic }) => topic))];
    const v3AndBelowTopics = names.map((name) => ({
      name,
      partitions: partitions.filter(({ topic }) => topic === name).map(({ index }) => index),
    }));
    const draft = {
      v3AndBelowTransactionalId: this.name,
      v3AndBelowProducerId: this.#identity.producerId,
      v3AndBelowProducerEpoch: this.#identity.producerEpoch,
      v3AndBelowTopics,
    };
    const codesOf = (response: ResponseOf<typeof addPartitionsToTxn>): number[] =>
      response.resultsByTopicV3AndBelow.flatMap(({ resultsByPartition }) =>
        resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
      );
    const version = someVersion(this.#home.randomness, 0, 3);
    const response = await this.#askCoordinator(addPartitionsToTxn, version, draft, codesOf);
    const refused = codesOf(response).find((code) => code !== errorCodes.NONE);
    if (refused !== undefined) throw new Refused('adding partitions', refused);
  }

  /** Writes a batch and answers the number of the next record. */
  async #write(transaction: Transaction, partition: KnownPartition, first: number): Promise<number> {
    const { randomness } = this.#home;
    const count = 1 + randomness.integer(this.#plan.recordsPerBatchMax);
    const values = Array.from({ length: count }, (_, index) =>
      numberedValue(transaction.name, first + index, '.'.repeat(randomness.integer(100))),
    );
    const sequence = this.#sequences.get(partition) ?? 0;
    const { errorCode, baseOffset } = await this.#produce(partition, this.#batch(values, this.#identity, sequence));
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

  async #produce(
    { topic, topicId, index, leader }: KnownPartition,
    records: Uint8Array,
  ): Promise<{ readonly errorCode: number; readonly baseOffset: number }> {
    const [least, most] = this.#plan.protocol === 1 ? [3, 11] : [12, 13];
    const version = someVersion(this.#home.randomness, least, most);
    const topicData = [{ name: topic, topicId, partitionData: [{ index, records }] }];
    const draft = { transactionalId: this.name, acks: -1, timeoutMs: 30_000, topicData };
    for (;;) {
      const response = await this.#home.broker(leader).ask(produce, version, draft);
      const answer = response.responses[0]?.partitionResponses[0];
      if (answer === undefined) throw new InvariantViolation(`${this.name}: no answer for ${topic}/${index}`);
      if (answer.errorCode === errorCodes.NONE || !errorRow(answer.errorCode).retriable) return answer;
      await this.#home.broker(leader).pause();
    }
  }

  async #commitOffset(number: number): Promise<void> {
    const group = { groupId: this.#group };
    if (this.#plan.protocol === 1) {
      const version = someVersion(this.#home.randomness, 0, 4);
      const added = await this.#askCoordinator(addOffsetsToTxn, version, { ...this.#named(), ...group });
      if (added.errorCode !== errorCodes.NONE) throw new Refused('adding offsets', added.errorCode);
    }
    const [least, most] = this.#plan.protocol === 1 ? [0, 4] : [5, 5];
    const { topic, index } = this.#partitions[0] as KnownPartition;
    const partitions = [{ partitionIndex: index, committedOffset: number, committedMetadata: '' }];
    const draft = { ...this.#named(), ...group, memberId: '', topics: [{ name: topic, partitions }] };
    const version = someVersion(this.#home.randomness, least, most);
    for (;;) {
      const { nodeId } = await findCoordinatorOf(this.#home, this.#group);
      const response = await this.#home.broker(nodeId).ask(txnOffsetCommit, version, draft);
      const errorCode = response.topics[0]?.partitions[0]?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
      if (errorCode === errorCodes.NONE) return;
      if (!errorRow(errorCode).retriable) throw new Refused('an offset', errorCode);
      await this.#home.anyBroker().pause();
    }
  }

  async #end(committed: boolean): Promise<void> {
    const response = await this.#askCoordinator(endTxn, this.#endVersion(), { ...this.#named(), committed });
    if (response.errorCode !== errorCodes.NONE)
      throw new Refused(committed ? 'a commit' : 'an abort', response.errorCode);
    if (this.#plan.protocol === 1) return;
    this.#identity = { producerId: response.producerId, producerEpoch: response.producerEpoch };
    this.#sequences = new Map();
  }

  /** Compares the group's offset with what was committed. */
  async check(): Promise<void> {
    const { topic, index } = this.#partitions[0] as KnownPartition;
    for (;;) {
      const { nodeId } = await findCoordinatorOf(this.#home, this.#group);
      const response = await this.#home.broker(nodeId).ask(offsetFetch, 8, {
        groups: [{ groupId: this.#group, topics: [{ name: topic, partitionIndexes: [index] }] }],
        requireStable: true,
      });
      const answer = response.groups[0]?.topics[0]?.partitions[0];
      if (answer !== undefined && answer.errorCode === errorCodes.NONE) {
        if (this.#offsets.includes(answer.committedOffset)) return;
        const told = `${answer.committedOffset} where ${this.#offsets.join(' or ')} was committed`;
        return this.#violate(`the offset of ${this.#group} is ${told}`);
      }
      await this.#home.broker(nodeId).pause();
    }
  }

  #endVersion(): number {
    return this.#plan.protocol === 1 ? someVersion(this.#home.randomness, 0, 4) : 5;
  }

  #named(): { readonly transactionalId: string } & Identity {
    return { transactionalId: this.name, ...this.#identity };
  }

  /** Asks the coordinator until it answers and has something else to say than that it is busy. */
  async #askCoordinator<A extends Api>(
    api: A,
    version: number,
    draft: RequestDraft<A>,
    codesOf: (response: ResponseOf<A>) => readonly number[] = (response) => [
      (response as { readonly errorCode: number }).errorCode,
    ],
  ): Promise<ResponseOf<A>> {
    for (;;) {
      const coordinator = await this.#coordinator();
      const response = await coordinator.ask(api, version, draft);
      if (!codesOf(response).some((code) => errorRow(code).retriable)) return response;
      await coordinator.pause();
    }
  }

  async #coordinator(): Promise<Endpoint> {
    for (;;) {
      const draft = { keyType: 1, coordinatorKeys: [this.name] };
      const response = await this.#home.anyBroker().ask(findCoordinator, 4, draft);
      const found = response.coordinators[0];
      if (found !== undefined && found.errorCode === errorCodes.NONE) return this.#home.broker(found.nodeId);
      await this.#home.anyBroker().pause();
    }
  }

  #violate(message: string): void {
    this.#home.fail(new InvariantViolation(`${this.name}: ${message}`));
  }
}
