/**
 * For tests: a transactional producer that speaks the protocol one request at a time, in the way of either version of
 * transactions, and a reader of committed records that does with aborted ones what consumers do.
 */
import assert from 'node:assert/strict';
import {
  type Api,
  addOffsetsToTxn,
  addPartitionsToTxn,
  createTopics,
  endTxn,
  errorRow,
  fetch,
  initProducerId,
  listOffsets,
  offsetFetch,
  produce,
  RecordBatchBuilder,
  type RequestDraft,
  type ResponseOf,
  readBatches,
  readControlRecord,
  txnOffsetCommit,
} from '@millrace/wire';
import { DirectCluster } from './direct-cluster.ts';

/** Whoever answers requests. */
export interface Peer {
  request<A extends Api>(api: A, draft: RequestDraft<A>, version?: number): Promise<ResponseOf<A>>;
}

export interface TransactionalPeerOptions {
  readonly id: string;
  /** Version 2 adds partitions by writing to them, and ends each transaction with a new epoch (KIP-890). Default 2. */
  readonly version?: 1 | 2;
  readonly timeoutMs?: number;
}

export class TransactionalPeer {
  readonly #peer: Peer;
  readonly #options: TransactionalPeerOptions;
  readonly #sequences = new Map<string, number>();
  readonly #added = new Set<string>();
  producerId = -1;
  epoch = -1;

  constructor(peer: Peer, options: TransactionalPeerOptions) {
    this.#peer = peer;
    this.#options = options;
  }

  get #version(): 1 | 2 {
    return this.#options.version ?? 2;
  }

  /** Asks for an identity, as a new producer or, with `again`, as the one that it is. Answers the error's name. */
  async init(again = false): Promise<string> {
    const { id: transactionalId, timeoutMs: transactionTimeoutMs = 60_000 } = this.#options;
    const identity = again ? { producerId: this.producerId, producerEpoch: this.epoch } : {};
    const draft = { transactionalId, transactionTimeoutMs, ...identity };
    const answer = await this.#peer.request(initProducerId, draft);
    if (answer.errorCode === 0) this.#become(answer.producerId, answer.producerEpoch);
    return nameOf(answer.errorCode);
  }

  /** Adds a partition explicitly. */
  async add(topic: string, partition = 0): Promise<string> {
    const answer = await this.#peer.request(
      addPartitionsToTxn,
      {
        v3AndBelowTransactionalId: this.#options.id,
        v3AndBelowProducerId: this.producerId,
        v3AndBelowProducerEpoch: this.epoch,
        v3AndBelowTopics: [{ name: topic, partitions: [partition] }],
      } as never,
      3,
    );
    const error = nameOf(answer.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ?? -1);
    if (error === 'NONE') this.#added.add(`${topic}-${partition}`);
    return error;
  }

  /** Writes records in the transaction, adding the partition first where it must. Answers the error's name. */
  async send(topic: string, values: readonly string[], partition = 0): Promise<string> {
    if (this.#version === 1 && !this.#added.has(`${topic}-${partition}`)) {
      const error = await this.add(topic, partition);
      if (error !== 'NONE') return error;
    }
    return this.write(topic, values, partition);
  }

  /** Writes records without adding the partition. */
  async write(topic: string, values: readonly string[], partition = 0): Promise<string> {
    const key = `${topic}-${partition}`;
    const baseSequence = this.#sequences.get(key) ?? 0;
    const error = await this.produce(topic, this.batch(values, baseSequence), partition);
    if (error === 'NONE') this.#sequences.set(key, baseSequence + values.length);
    return error;
  }

  batch(values: readonly string[], baseSequence: number, epoch = this.epoch): Uint8Array {
    const builder = new RecordBatchBuilder();
    for (const value of values) builder.append(1_700_000_000_000, null, value);
    const { producerId } = this;
    return Uint8Array.from(builder.build({ transactional: true, producerId, producerEpoch: epoch, baseSequence }));
  }

  async produce(topic: string, batch: Uint8Array, index = 0): Promise<string> {
    const answer = await this.#peer.request(
      produce,
      {
        transactionalId: this.#options.id,
        acks: -1,
        timeoutMs: 1000,
        topicData: [{ name: topic, partitionData: [{ index, records: batch }] }],
      },
      this.#version === 2 ? 12 : 11,
    );
    return nameOf(answer.responses[0]?.partitionResponses[0]?.errorCode ?? -1);
  }

  /** Commits a group's offset of partition 0 of a topic in the transaction. */
  async sendOffset(
    groupId: string,
    topic: string,
    offset: number,
    facts: Record<string, unknown> = {},
  ): Promise<string> {
    const { id: transactionalId } = this.#options;
    const identity = { transactionalId, producerId: this.producerId, producerEpoch: this.epoch, groupId };
    if (this.#version === 1) {
      const added = await this.#peer.request(addOffsetsToTxn, identity);
      if (added.errorCode !== 0) return nameOf(added.errorCode);
    }
    const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: '' }];
    const draft = { ...identity, memberId: '', topics: [{ name: topic, partitions }], ...facts };
    const answer = await this.#peer.request(txnOffsetCommit, draft as never, this.#version === 2 ? 5 : 4);
    return nameOf(answer.topics[0]?.partitions[0]?.errorCode ?? -1);
  }

  commit(): Promise<string> {
    return this.end(true);
  }

  abort(): Promise<string> {
    return this.end(false);
  }

  async end(committed: boolean): Promise<string> {
    const { id: transactionalId } = this.#options;
    const draft = { transactionalId, producerId: this.producerId, producerEpoch: this.epoch, committed };
    const answer = await this.#peer.request(endTxn, draft, this.#version === 2 ? 5 : 4);
    if (answer.errorCode === 0) {
      this.#added.clear();
      if (this.#version === 2) this.#become(answer.producerId, answer.producerEpoch);
    }
    return nameOf(answer.errorCode);
  }

  #become(producerId: number, epoch: number): void {
    this.producerId = producerId;
    this.epoch = epoch;
    this.#sequences.clear();
    this.#added.clear();
  }
}

export async function makeTopic(peer: Peer, name: string, partitions = 1): Promise<void> {
  const topic = { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] };
  const answer = await peer.request(createTopics, { topics: [topic], timeoutMs: 1000 });
  assert.equal(answer.topics[0]?.errorCode, 0, answer.topics[0]?.errorMessage ?? '');
}

/** One fetch of a partition, with everything that the answer says. */
export async function fetchOnce(
  peer: Peer,
  topic: string,
  offset: number,
  options: { partition?: number; committed?: boolean; bytesMax?: number; waitMs?: number } = {},
) {
  const { partition = 0, committed = true, bytesMax = 2 ** 20, waitMs = 0 } = options;
  const partitions = [{ partition, fetchOffset: offset, partitionMaxBytes: bytesMax }];
  const limits = { maxWaitMs: waitMs, minBytes: 1, maxBytes: bytesMax, isolationLevel: committed ? 1 : 0 };
  const answer = await peer.request(fetch, { ...limits, topics: [{ topic, partitions }] }, 12);
  const result = answer.responses[0]?.partitions[0];
  assert.ok(result);
  return result;
}

/** Values of all records of a partition: those of committed transactions, or all. */
export async function readAll(
  peer: Peer,
  topic: string,
  options: { partition?: number; committed?: boolean; bytesMax?: number; from?: number } = {},
): Promise<string[]> {
  return (await readRecords(peer, topic, options)).map(({ value }) => value);
}

/** As `readAll`, with their offsets. */
export async function readRecords(
  peer: Peer,
  topic: string,
  options: { partition?: number; committed?: boolean; bytesMax?: number; from?: number } = {},
): Promise<{ readonly offset: number; readonly value: string }[]> {
  const { committed = true } = options;
  const read: { offset: number; value: string }[] = [];
  for (let next = options.from ?? 0; ; ) {
    const answer = await fetchOnce(peer, topic, next, options);
    assert.equal(answer.errorCode, 0);
    const aborted = [...(answer.abortedTransactions ?? [])].sort((left, right) => left.firstOffset - right.firstOffset);
    const aborting = new Set<number>();
    let moved = false;
    for (const batch of readBatches(answer.records ?? new Uint8Array(0))) {
      moved = true;
      while (aborted[0] !== undefined && aborted[0].firstOffset <= batch.lastOffset) {
        aborting.add((aborted.shift() as { producerId: number }).producerId);
      }
      if (batch.isControl) {
        if (readControlRecord(batch).type === 'abort') aborting.delete(batch.producerId);
      } else if (!committed || !batch.isTransactional || !aborting.has(batch.producerId)) {
        for (const { offset, value } of batch.records()) {
          if (offset >= next) read.push({ offset, value: Buffer.from(value ?? []).toString() });
        }
      }
      next = batch.lastOffset + 1;
    }
    if (!moved) return read;
  }
}

/** A cluster with the topic `orders` of two partitions. */
export async function startWithOrders(configuration: Readonly<Record<string, string>> = {}): Promise<DirectCluster> {
  const direct = await DirectCluster.start({ configuration });
  await makeTopic(direct, 'orders', 2);
  return direct;
}

/** A producer with an identity, of the id `shop` unless another is given. */
export async function producerOf(
  peer: Peer,
  options: Partial<TransactionalPeerOptions> = {},
): Promise<TransactionalPeer> {
  const made = new TransactionalPeer(peer, { id: 'shop', ...options });
  assert.equal(await made.init(), 'NONE');
  return made;
}

/** The offset that a group has of partition 0 of a topic, or the name of the error. */
export async function offsetOf(
  peer: Peer,
  groupId: string,
  topic: string,
  requireStable = false,
): Promise<number | string> {
  const topics = [{ name: topic, partitionIndexes: [0] }];
  const answer = await peer.request(offsetFetch, { groups: [{ groupId, topics }], requireStable } as never, 9);
  const partition = answer.groups[0]?.topics[0]?.partitions[0];
  assert.ok(partition);
  return partition.errorCode === 0 ? partition.committedOffset : nameOf(partition.errorCode);
}

/** The latest offset for readers of committed records, or of all. */
export async function latestOffset(peer: Peer, topic: string, committed = true, partitionIndex = 0): Promise<number> {
  const partitions = [{ partitionIndex, timestamp: -1 }];
  const draft = { replicaId: -1, isolationLevel: committed ? 1 : 0, topics: [{ name: topic, partitions }] };
  const answer = await peer.request(listOffsets, draft as never);
  return answer.topics[0]?.partitions[0]?.offset ?? -1;
}

function nameOf(errorCode: number): string {
  return errorRow(errorCode).name;
}
