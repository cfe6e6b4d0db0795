/** A scripted broker that coordinates transactions, and work to be done in them. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Network } from '@millrace/base';
import {
  type Api,
  addOffsetsToTxn,
  addPartitionsToTxn,
  apis,
  apiVersions,
  endTxn,
  findCoordinator,
  initProducerId,
  metadata,
  produce,
  RecordBatch,
  txnOffsetCommit,
  versionRange,
} from '@millrace/wire';
import type { Client } from '../client.ts';
import { createClient } from '../kafka-client.ts';
import type { TransactionRequest } from '../producer/transaction-verdicts.ts';
import type { Producer } from '../producer.ts';
import { ScriptedBroker } from './scripted-network.ts';

/** A broker that coordinates the transactions of one producer, and answers errors where a test tells it to. */
export class ScriptedCoordinator {
  readonly client: Client;
  /** Answered instead of success, one error a request. */
  readonly errors = new Map<TransactionRequest, number[]>();
  /** Ends the connection instead of answering, once the request was acted on. */
  readonly lostAnswers = new Set<TransactionRequest>();
  /** What was asked, in order; ends of transactions with what they ask for. */
  readonly asked: string[] = [];
  /** Values by transaction that was committed. */
  readonly committed: string[][] = [];
  readonly #isV2: boolean;
  /** Why no connection can be opened any more. */
  connectError: Error | undefined;
  epoch = -1;
  #open: string[] = [];

  constructor(t: TestContext, isV2: boolean) {
    this.#isV2 = isV2;
    const broker = new ScriptedBroker();
    answerBasics(broker, isV2);
    broker.on(initProducerId, () =>
      this.#answer('InitProducerId', (errorCode) => {
        if (errorCode === 0) this.epoch++;
        this.#open = [];
        return { errorCode, producerId: 7, producerEpoch: this.epoch };
      }),
    );
    broker.on(addPartitionsToTxn, ({ v3AndBelowTopics }) =>
      this.#answer('AddPartitionsToTxn', (errorCode) => ({
        resultsByTopicV3AndBelow: v3AndBelowTopics.map(({ name, partitions }) => ({
          name,
          resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode: errorCode })),
        })),
      })),
    );
    broker.on(produce, ({ topicData, transactionalId }, version) => {
      assert.equal(transactionalId, 'id');
      assert.equal(version, isV2 ? 12 : 11);
      return this.#answer('Produce', (errorCode) => {
        const batch = new RecordBatch(topicData[0]?.partitionData[0]?.records as Uint8Array);
        assert.ok(batch.isTransactional && batch.producerEpoch === this.epoch);
        if (errorCode === 0) for (const record of batch.records()) this.#open.push(record.valueText() ?? '');
        return { responses: [{ name: 'lines', partitionResponses: [{ index: 0, errorCode, baseOffset: 0 }] }] };
      });
    });
    broker.on(addOffsetsToTxn, () => this.#answer('AddOffsetsToTxn', (errorCode) => ({ errorCode })));
    broker.on(txnOffsetCommit, ({ topics }) =>
      this.#answer('TxnOffsetCommit', (errorCode) => {
        if (errorCode === 0) this.#open.push('offsets');
        return {
          topics: topics.map(({ name, partitions }) => ({
            name,
            partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
          })),
        };
      }),
    );
    broker.on(endTxn, ({ committed, producerEpoch }) => {
      this.asked.push(committed ? 'commit' : 'abort');
      return this.#answer('EndTxn', (errorCode) => this.#end(committed, producerEpoch, errorCode));
    });
    const { platform } = broker.network;
    const network: Network = {
      ...platform.network,
      connect: async (options) => {
        if (this.connectError !== undefined) throw this.connectError;
        return platform.network.connect(options);
      },
    };
    this.client = createClient({
      bootstrap: 'broker:9092',
      platform: { ...platform, network },
      retryBackoffMs: 1,
      retryBackoffMaxMs: 2,
      telemetry: false,
    });
    t.after(() => this.client.close());
  }

  #end(isCommit: boolean, epoch: number, errorCode: number) {
    // A repetition of what was done already, as the epoch before tells.
    const isRepeated = this.#isV2 && epoch === this.epoch - 1;
    if (errorCode === 0 && !isRepeated) {
      if (isCommit && this.#open.length > 0) this.committed.push(this.#open);
      this.#open = [];
      if (this.#isV2) this.epoch++;
    }
    return { errorCode, producerId: 7, producerEpoch: this.epoch };
  }

  #answer<Draft>(request: TransactionRequest, act: (errorCode: number) => Draft): Draft | 'end' {
    this.asked.push(request);
    const answer = act(this.errors.get(request)?.shift() ?? 0);
    return this.lostAnswers.delete(request) ? 'end' : answer;
  }
}

/** Versions, features, the one topic, and where its coordinators are. */
function answerBasics(broker: ScriptedBroker, isV2: boolean): void {
  broker.on(apiVersions, () => ({
    errorCode: 0,
    apiKeys: apis.map((api: Api) => {
      const { first, last } = versionRange(api.versions);
      return { apiKey: api.key, minVersion: first, maxVersion: last };
    }),
    finalizedFeatures: isV2 ? [{ name: 'transaction.version', maxVersionLevel: 2, minVersionLevel: 2 }] : [],
  }));
  const partition = {
    errorCode: 0,
    partitionIndex: 0,
    leaderId: 1,
    leaderEpoch: 1,
    replicaNodes: [1],
    isrNodes: [1],
  };
  broker.on(metadata, () => ({
    brokers: [{ nodeId: 1, host: 'broker', port: 9092 }],
    topics: [{ errorCode: 0, name: 'lines', partitions: [partition] }],
  }));
  broker.on(findCoordinator, ({ coordinatorKeys }) => ({
    coordinators: coordinatorKeys.map((key) => ({ key, nodeId: 1, host: 'broker', port: 9092, errorCode: 0 })),
  }));
}

/** Two records and an offset in one transaction, tried once. */
export function work(producer: Producer, name: string): Promise<void> {
  const offsets = { group: 'g', offsets: [{ topic: 'lines', partition: 0, offset: 5 }] };
  return producer.transaction(
    async (transaction) => {
      transaction.write({ topic: 'lines', value: `${name} 1` });
      await transaction.sendOffsets(offsets);
      await producer.flush();
      transaction.write({ topic: 'lines', value: `${name} 2` });
    },
    { attemptsMax: 1 },
  );
}

/** What of `work` a committed transaction holds. */
export function whole(name: string): string[] {
  return [`${name} 1`, `${name} 2`, 'offsets'].sort();
}
