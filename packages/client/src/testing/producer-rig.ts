/** A producer before a scripted broker that keeps a log of what it stored, and fails as a test tells it to. */
import type { TestContext } from 'node:test';
import { type Clock, nodePlatform } from '@millrace/base';
import { initProducerId, metadata, produce, type RequestOf } from '@millrace/wire';
import type { ClientEvent } from '../client.ts';
import { Cluster } from '../cluster.ts';
import { KafkaProducer } from '../producer/kafka-producer.ts';
import type { ProducerOptions } from '../producer.ts';
import { clientSettings } from '../settings.ts';
import { IdempotentLog } from './idempotent-log.ts';
import { ScriptedBroker } from './scripted-network.ts';

export const topic = 'topic';

type PartitionRequest = RequestOf<typeof produce>['topicData'][number]['partitionData'][number];
export type Fault = 'lost request' | 'lost answer' | 'silence' | number | undefined;

export interface ProducerRig {
  readonly producer: KafkaProducer;
  readonly log: IdempotentLog;
  readonly events: ClientEvent[];
  readonly broker: ScriptedBroker;
  requests: number;
}

/**
 * A producer before a scripted broker that keeps a log; `fault` is asked for each request, a code for each partition.
 */
export function startRig(
  t: TestContext,
  options: ProducerOptions & {
    readonly partitions?: number;
    readonly requestTimeoutMs?: number;
    readonly clock?: Clock;
  },
  fault: (request: number, partition?: number) => Fault,
): ProducerRig {
  const { partitions = 1, requestTimeoutMs = 2_000, clock = nodePlatform.clock, ...producerOptions } = options;
  const log = new IdempotentLog(partitions);
  const events: ClientEvent[] = [];
  const broker = new ScriptedBroker();
  broker.on(metadata, () => ({
    brokers: [{ nodeId: 1, host: 'broker', port: 9092 }],
    topics: [{ errorCode: 0, name: topic, partitions: Array.from({ length: partitions }, (_, index) => led(index)) }],
  }));
  let ids = 0;
  broker.on(initProducerId, () => ({ throttleTimeMs: 0, errorCode: 0, producerId: 1_000 + ids++, producerEpoch: 0 }));
  broker.on(produce, ({ topicData }) => {
    rig.requests++;
    const whole = fault(rig.requests);
    if (whole === 'lost request') return 'end';
    if (whole === 'silence') return 'silence';
    const answer = (data: PartitionRequest) => {
      const code = fault(rig.requests, data.index);
      if (typeof code === 'number') return { index: data.index, errorCode: code, baseOffset: -1 };
      return { index: data.index, ...log.append(data.index, data.records as Uint8Array) };
    };
    const responses = topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(answer),
    }));
    return whole === 'lost answer' ? 'end' : { responses };
  });
  const cluster = new Cluster(
    clientSettings({
      bootstrap: 'broker:9092',
      platform: { ...broker.network.platform, clock },
      retryBackoffMs: 1,
      retryBackoffMaxMs: 4,
      requestTimeoutMs,
      report: (event) => events.push(event),
    }),
  );
  const rig: ProducerRig = {
    producer: new KafkaProducer(cluster, producerOptions, () => undefined),
    log,
    events,
    broker,
    requests: 0,
  };
  t.after(async () => {
    await Promise.allSettled([rig.producer.close()]);
    cluster.close();
  });
  return rig;
}

function led(partitionIndex: number) {
  return { errorCode: 0, partitionIndex, leaderId: 1, leaderEpoch: 0, replicaNodes: [1], isrNodes: [1] };
}
