/** A consumer of one partition whose log a test writes, spoils and cuts; a scripted broker serves it. */
import type { TestContext } from 'node:test';
import type { Network } from '@millrace/base';
import {
  buildControlBatch,
  type Compression,
  errorCodes,
  fetch,
  listOffsets,
  metadata,
  offsetForLeaderEpoch,
  RecordBatchBuilder,
} from '@millrace/wire';
import type { ClientEvent } from '../client.ts';
import { Cluster } from '../cluster.ts';
import { KafkaConsumer } from '../consumer/kafka-consumer.ts';
import { text } from '../serde.ts';
import { clientSettings } from '../settings.ts';
import { topic } from '../topic.ts';
import { ScriptedBroker } from './scripted-network.ts';

export const lines = topic('lines', { value: text });

export interface StoredBatch {
  readonly baseOffset: number;
  readonly nextOffset: number;
  bytes: Uint8Array;
}

/** The log of one partition behind a scripted broker, and what a test may do to it. */
export class ScriptedLog {
  batches: StoredBatch[] = [];
  leaderEpoch = 1;
  /** Answered instead of records, once each. */
  readonly errors: number[] = [];
  /** Where an epoch ends, as the leader tells. */
  epochEnd = { leaderEpoch: 1, endOffset: 0 };
  readonly events: ClientEvent[] = [];
  fetches = 0;
  /** What connecting runs into from now on. */
  connectError: Error | undefined;
  connects = 0;
  readonly #broker = new ScriptedBroker();

  get end(): number {
    return this.batches.at(-1)?.nextOffset ?? 0;
  }

  append(values: readonly string[], compression: Compression = 'none'): void {
    const builder = new RecordBatchBuilder();
    for (const value of values) builder.append(1, null, value);
    const options = { baseOffset: this.end, partitionLeaderEpoch: this.leaderEpoch, compression };
    const bytes = Uint8Array.from(builder.build(options));
    this.batches.push({ baseOffset: this.end, nextOffset: this.end + values.length, bytes });
  }

  appendControl(): void {
    const bytes = Uint8Array.from(
      buildControlBatch({
        baseOffset: this.end,
        producerId: 1,
        producerEpoch: 0,
        type: 'commit',
        timestamp: 1,
        coordinatorEpoch: 0,
      }),
    );
    this.batches.push({ baseOffset: this.end, nextOffset: this.end + 1, bytes });
  }

  open(t: TestContext, from: 'earliest' | 'none' = 'earliest'): KafkaConsumer<typeof lines> {
    const broker = this.#broker;
    broker.on(metadata, () => ({
      brokers: [{ nodeId: 1, host: 'broker', port: 9092 }],
      topics: [{ errorCode: 0, name: lines.name, partitions: [this.#partition()] }],
    }));
    broker.on(listOffsets, () => ({
      topics: [{ name: lines.name, partitions: [{ partitionIndex: 0, errorCode: 0, offset: 0 }] }],
    }));
    broker.on(offsetForLeaderEpoch, () => ({
      topics: [{ topic: lines.name, partitions: [{ errorCode: 0, partition: 0, ...this.epochEnd }] }],
    }));
    broker.on(fetch, ({ topics }) => {
      this.fetches++;
      const asked = topics[0]?.partitions[0];
      const isFenced = asked !== undefined && asked.currentLeaderEpoch < this.leaderEpoch;
      const errorCode = isFenced ? errorCodes.FENCED_LEADER_EPOCH : (this.errors.shift() ?? 0);
      const offset = asked?.fetchOffset ?? this.end;
      const batches = errorCode === 0 ? this.batches.filter(({ nextOffset }) => nextOffset > offset) : [];
      const records = batches.map(({ bytes }) => bytes);
      const partition = { partitionIndex: 0, errorCode, highWatermark: this.end, abortedTransactions: null, records };
      return { sessionId: 0, responses: [{ topic: lines.name, partitions: [partition] }] };
    });
    const { platform } = broker.network;
    const network: Network = {
      ...platform.network,
      connect: async (options) => {
        this.connects++;
        if (this.connectError !== undefined) throw this.connectError;
        return platform.network.connect(options);
      },
    };
    const cluster = new Cluster(
      clientSettings({
        bootstrap: 'broker:9092',
        platform: { ...platform, network },
        retryBackoffMs: 1,
        retryBackoffMaxMs: 4,
        report: (event) => this.events.push(event),
      }),
    );
    const consumer = new KafkaConsumer<typeof lines>(
      cluster,
      { assign: [{ topic: lines, partition: 0, offset: 0 }], from },
      () => undefined,
    );
    t.after(async () => {
      await consumer.close();
      cluster.close();
    });
    return consumer;
  }

  /** Ends all connections from the broker's side. */
  breakConnections(): void {
    for (const peer of this.#broker.network.peers) peer.end();
  }

  #partition() {
    return {
      errorCode: 0,
      partitionIndex: 0,
      leaderId: 1,
      leaderEpoch: this.leaderEpoch,
      replicaNodes: [1],
      isrNodes: [1],
    };
  }
}

/** Values of the next records. */
export async function take(consumer: KafkaConsumer<typeof lines>, count: number): Promise<string[]> {
  const values: string[] = [];
  for await (const record of consumer.records()) {
    values.push(record.value);
    if (values.length === count) break;
  }
  return values;
}
