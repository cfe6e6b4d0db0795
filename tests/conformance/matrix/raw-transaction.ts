/**
 * A transactional producer by raw requests. `v1` are the requests of clients that add partitions and groups to their
 * transactions themselves, `v2` those of clients that leave that to the broker and get a new epoch with each
 * transaction (KIP-890).
 */
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  initProducerId,
  produce,
  type RequestDraft,
  txnOffsetCommit,
} from '@millrace/wire';
import type { Place } from './place.ts';
import { errorName, RawCluster, type RawConnection } from './raw-connection.ts';
import { batchOf } from './raw-records.ts';
import type { Scope } from './scope.ts';
import { settled } from './settled.ts';

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

type OffsetDraft = RequestDraft<typeof txnOffsetCommit>;

/** The outcome of the transaction before is still being written; a coordinator that just started waits for ids. */
const passing = new Set([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
]);
const isLasting = (errorCode: number | undefined): boolean => !passing.has(errorName(errorCode));

export class RawTransaction {
  readonly cluster: RawCluster;
  readonly id: string;
  readonly coordinator: RawConnection;
  readonly protocol: 'v1' | 'v2';
  producerId = -1;
  producerEpoch = -1;
  readonly #sequences = new Map<string, number>();

  private constructor(cluster: RawCluster, id: string, coordinator: RawConnection, protocol: 'v1' | 'v2') {
    this.cluster = cluster;
    this.id = id;
    this.coordinator = coordinator;
    this.protocol = protocol;
  }

  /** Without a producer id yet. */
  static async of(place: Place, scope: Scope, protocol: 'v1' | 'v2' = 'v2', id = scope.name('transaction')) {
    const cluster = new RawCluster(place, scope);
    return new RawTransaction(cluster, id, await cluster.coordinator('transaction', id), protocol);
  }

  /** With a producer id, ready for a first transaction. */
  static async ready(place: Place, scope: Scope, protocol: 'v1' | 'v2' = 'v2', id = scope.name('transaction')) {
    const transaction = await RawTransaction.of(place, scope, protocol, id);
    await transaction.init();
    return transaction;
  }

  get identity(): ProducerIdentity {
    return { producerId: this.producerId, producerEpoch: this.producerEpoch };
  }

  /** Gets producer id and epoch, once what was open is over; answers the error. */
  async init(changes: Partial<RequestDraft<typeof initProducerId>> = {}): Promise<string> {
    const draft = { transactionalId: this.id, transactionTimeoutMs: 60_000, ...changes };
    const answer = await settled(
      () => this.coordinator.request(initProducerId, this.protocol === 'v1' ? 4 : 5, draft),
      ({ errorCode }) => isLasting(errorCode),
    );
    if (answer.errorCode === 0) this.#become(answer);
    return errorName(answer.errorCode);
  }

  /** Adds partitions as clients of `v1` do; answers the errors, the partitions in their order. */
  async add(topics: Readonly<Record<string, readonly number[]>>, changes: Partial<ProducerIdentity> = {}) {
    const { producerId, producerEpoch } = { ...this.identity, ...changes };
    const answer = await settled(
      () =>
        this.coordinator.request(addPartitionsToTxn, 3, {
          v3AndBelowTransactionalId: this.id,
          v3AndBelowProducerId: producerId,
          v3AndBelowProducerEpoch: producerEpoch,
          v3AndBelowTopics: Object.entries(topics).map(([name, partitions]) => ({ name, partitions })),
        }),
      ({ resultsByTopicV3AndBelow }) =>
        isLasting(resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode),
    );
    const results = new Map(answer.resultsByTopicV3AndBelow.map((each) => [each.name, each.resultsByPartition]));
    return Object.entries(topics).flatMap(([name, partitions]) =>
      partitions.map((partition) => {
        const found = results.get(name)?.find(({ partitionIndex }) => partitionIndex === partition);
        return errorName(found?.partitionErrorCode);
      }),
    );
  }

  /** Adds a group as clients of `v1` do; answers the error. */
  async addGroup(groupId: string, changes: Partial<ProducerIdentity> = {}): Promise<string> {
    const draft = { transactionalId: this.id, ...this.identity, groupId, ...changes };
    const answer = await settled(
      () => this.coordinator.request(addOffsetsToTxn, 3, draft),
      ({ errorCode }) => isLasting(errorCode),
    );
    return errorName(answer.errorCode);
  }

  /** Writes a batch of one record to each partition's leader; answers the error. `v1` needs `add` before. */
  async write(topic: string, value: string, partition = 0, changes: Partial<ProducerIdentity> = {}): Promise<string> {
    const at = `${topic} ${partition}`;
    const baseSequence = this.#sequences.get(at) ?? 0;
    const records = batchOf([value], { ...this.identity, baseSequence, transactional: true, ...changes });
    const leader = await this.cluster.leader(topic, partition);
    const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
    const draft = { transactionalId: this.id, acks: -1, timeoutMs: 30_000, topicData };
    const answer = await settled(
      () => leader.request(produce, this.protocol === 'v1' ? 11 : 12, draft),
      ({ responses }) => isLasting(responses[0]?.partitionResponses[0]?.errorCode),
    );
    const error = errorName(answer.responses[0]?.partitionResponses[0]?.errorCode);
    if (error === 'NONE') this.#sequences.set(at, baseSequence + 1);
    return error;
  }

  /** Commits an offset of partition 0 as part of the transaction; answers the error. */
  async commitOffset(
    groupId: string,
    topic: string,
    changes: Partial<OffsetDraft> = {},
    { offset = 1, metadata = '', partition = 0 } = {},
  ): Promise<string> {
    const partitions = [{ partitionIndex: partition, committedOffset: offset, committedMetadata: metadata }];
    const draft = { transactionalId: this.id, ...this.identity, groupId, topics: [{ name: topic, partitions }] };
    const coordinator = await this.cluster.coordinator('group', groupId);
    const answer = await settled(
      () => coordinator.request(txnOffsetCommit, this.protocol === 'v1' ? 3 : 5, { ...draft, ...changes }),
      ({ topics }) => isLasting(topics[0]?.partitions[0]?.errorCode),
    );
    return errorName(answer.topics[0]?.partitions[0]?.errorCode);
  }

  /** Ends it; answers the error. */
  async end(outcome: 'commit' | 'abort', changes: Partial<ProducerIdentity> = {}): Promise<string> {
    const draft = { transactionalId: this.id, ...this.identity, committed: outcome === 'commit', ...changes };
    const answer = await settled(
      () => this.coordinator.request(endTxn, this.protocol === 'v1' ? 4 : 5, draft),
      ({ errorCode }) => isLasting(errorCode),
    );
    if (answer.errorCode === 0 && answer.producerId >= 0) this.#become(answer);
    return errorName(answer.errorCode);
  }

  /** Sequence numbers begin anew with each epoch. */
  #become({ producerId, producerEpoch }: ProducerIdentity): void {
    if (producerId !== this.producerId || producerEpoch !== this.producerEpoch) this.#sequences.clear();
    this.producerId = producerId;
    this.producerEpoch = producerEpoch;
  }
}
