/**
 * Each request of a transaction is answered once with each error there is, on clusters of both kinds. Whatever comes:
 * the caller is told one of the documented errors or nothing, a coordinator is never asked to commit what failed, and
 * the producer goes on with a next transaction unless it said that it is of no use any more.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ConnectError, isMillraceError, type Network } from '@millrace/base';
import {
  type Api,
  addOffsetsToTxn,
  addPartitionsToTxn,
  apis,
  apiVersions,
  endTxn,
  errorCodes,
  errorRow,
  findCoordinator,
  initProducerId,
  KafkaError,
  metadata,
  produce,
  RecordBatch,
  txnOffsetCommit,
  versionRange,
} from '@millrace/wire';
import type { Client } from '../client.ts';
import type { OffsetsInTransaction } from '../consumer.ts';
import { createClient } from '../kafka-client.ts';
import type { Producer } from '../producer.ts';
import { ScriptedBroker } from '../testing/scripted-network.ts';
import { ProducerFencedError } from './transaction-errors.ts';
import { isRepeatable, type TransactionRequest, transactionVerdict } from './transaction-verdicts.ts';

const requests: readonly TransactionRequest[] = [
  'Produce',
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
];

/** A broker that coordinates the transactions of one producer, and answers errors where a test tells it to. */
class ScriptedCoordinator {
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

function work(producer: Producer, name: string): Promise<void> {
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

function whole(name: string): string[] {
  return [`${name} 1`, `${name} 2`, 'offsets'].sort();
}

for (const isV2 of [false, true]) {
  for (const request of requests) {
    if (isV2 && request.startsWith('Add')) continue;
    test(`each error of ${request} has its documented outcome (transactions ${isV2 ? 2 : 1})`, async (t) => {
      for (const [name, errorCode] of Object.entries(errorCodes)) {
        if (errorCode === 0) continue;
        // Not errors for producers: they mean that the batch is stored, or is to be halved.
        if (request === 'Produce' && name === 'DUPLICATE_SEQUENCE_NUMBER') continue;
        const coordinator = new ScriptedCoordinator(t, isV2);
        const producer = coordinator.client.producer({ transactionalId: 'id', maxInFlight: 1 });
        coordinator.errors.set(request, [errorCode]);
        const outcome = await work(producer, 'first').then(
          () => undefined,
          (error: unknown) => error,
        );
        await judge(coordinator, producer, outcome, request, errorCode, `${request} ${name}`);
        await coordinator.client.close();
      }
    });

    test(`an answer to ${request} that is lost changes nothing (transactions ${isV2 ? 2 : 1})`, async (t) => {
      const coordinator = new ScriptedCoordinator(t, isV2);
      const producer = coordinator.client.producer({ transactionalId: 'id' });
      await work(producer, 'zero');
      coordinator.lostAnswers.add(request);
      await work(producer, 'first');
      await work(producer, 'second');
      const seen = coordinator.committed.map((values) => [...new Set(values)].sort());
      assert.deepEqual(seen, ['zero', 'first', 'second'].map(whole));
    });
  }
}

/** A consumer that gives its offsets, and writes down what it hears of them. */
function taker(heard: string[]): OffsetsInTransaction {
  return {
    groupOffsets: () => ({ group: 'g', offsets: [{ topic: 'lines', partition: 0, offset: 5 }] }),
    offsetsSettled: (_offsets, outcome) => heard.push(outcome),
  };
}

test('a commit that is not answered in time tells consumers that its outcome is unknown', async (t) => {
  const coordinator = new ScriptedCoordinator(t, true);
  const producer = coordinator.client.producer({ transactionalId: 'id' });
  const heard: string[] = [];
  await work(producer, 'zero');
  coordinator.errors.set('EndTxn', Array<number>(10_000).fill(errorCodes.CONCURRENT_TRANSACTIONS));
  const slow = producer.transaction((transaction) => transaction.sendOffsets(taker(heard)), { timeoutMs: 100 });
  await assert.rejects(slow, { retriable: true });
  assert.deepEqual(heard, ['unknown']);
  coordinator.errors.clear();
  await producer.transaction((transaction) => transaction.sendOffsets(taker(heard)));
  assert.deepEqual(heard, ['unknown', 'committed']);
});

for (const isCommit of [true, false]) {
  const what = isCommit ? 'commit' : 'abort';
  test(`a producer that is locked out during a ${what} is of no use any more, and says so`, async (t) => {
    const coordinator = new ScriptedCoordinator(t, true);
    const producer = coordinator.client.producer({ transactionalId: 'id' });
    const heard: string[] = [];
    const transaction = await producer.begin();
    await transaction.sendOffsets(taker(heard));
    coordinator.lostAnswers.add('EndTxn');
    const refused = new ConnectError({ host: 'broker', port: 9092 }, 'not trusted', undefined, 'tls_refused');
    coordinator.connectError = refused;
    await assert.rejects(isCommit ? transaction.commit() : transaction.abort(), (error) => error === refused);
    assert.deepEqual(heard, ['unknown']);
    coordinator.connectError = undefined;
    await assert.rejects(producer.begin(), (error) => error === refused);
  });
}

test('who ends a transaction while its failed commit is under way waits for that', async (t) => {
  const coordinator = new ScriptedCoordinator(t, true);
  const producer = coordinator.client.producer({ transactionalId: 'id' });
  const transaction = await producer.begin();
  const busy = Array<number>(30).fill(errorCodes.COORDINATOR_LOAD_IN_PROGRESS);
  coordinator.errors.set('TxnOffsetCommit', [errorCodes.ILLEGAL_GENERATION, ...busy]);
  const aborts = { code: 'transaction_abortable' } as const;
  const outcomes: Promise<unknown>[] = [
    assert.rejects(transaction.sendOffsets(taker([])), aborts),
    transaction.sendOffsets(taker([])).catch(() => undefined),
    assert.rejects(transaction.commit(), aborts),
  ];
  const offsets = (): number => coordinator.asked.filter((request) => request === 'TxnOffsetCommit').length;
  while (offsets() < 5) await new Promise((resolve) => setImmediate(resolve));
  outcomes.push(assert.rejects(transaction.commit(), aborts), transaction.abort());
  await Promise.all(outcomes);
  assert.deepEqual(
    coordinator.asked.filter((request) => request === 'commit' || request === 'abort'),
    ['abort'],
  );
  await work(producer, 'next');
});

/** Whether a batch's error is repeated until it passes rather than ending the transaction. */
function passes(request: TransactionRequest, errorCode: number): boolean {
  if (request !== 'Produce') return transactionVerdict(request, errorCode) === 'again';
  return errorRow(errorCode).retriable;
}

async function judge(
  coordinator: ScriptedCoordinator,
  producer: Producer,
  outcome: unknown,
  request: TransactionRequest,
  errorCode: number,
  what: string,
): Promise<void> {
  const verdict = transactionVerdict(request, errorCode);
  const seen = (): string[][] => coordinator.committed.map((values) => [...values].sort());
  if (passes(request, errorCode)) {
    assert.equal(outcome, undefined, `${what}: ${String(outcome)}`);
    assert.deepEqual(seen(), [whole('first')], what);
  } else if (verdict === 'fenced' || verdict === 'fatal') {
    const expected = verdict === 'fenced' ? ProducerFencedError : KafkaError;
    assert.ok(outcome instanceof expected, `${what}: ${String(outcome)}`);
    assert.deepEqual(seen(), [], what);
    await assert.rejects(work(producer, 'second'), (error) => error === outcome, what);
    assert.deepEqual(seen(), [], what);
    return;
  } else {
    assert.ok(isMillraceError(outcome, 'transaction_abortable'), `${what}: ${String(outcome)}`);
    assert.equal(outcome.retriable, isRepeatable(errorCode), what);
    assert.deepEqual(seen(), [], what);
    assert.ok(request === 'EndTxn' || !coordinator.asked.includes('commit'), `${what}: ${coordinator.asked.join()}`);
  }
  const before = seen();
  await work(producer, 'second');
  assert.deepEqual(seen(), [...before, whole('second')], `${what}: ${coordinator.asked.join()}`);
}
