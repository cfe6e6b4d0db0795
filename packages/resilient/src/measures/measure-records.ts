/** Measures what passes through producers and consumers. */
import type { Clock } from '@millrace/base';
import type { ConsumerBatch, ConsumerRecord, Delivery, TopicLike } from '@millrace/client';
import type { StreamMeasures } from './stream-measures.ts';

type ByTopic = ReadonlyMap<string, StreamMeasures>;

/** Of each batch that was delivered, or was not. */
export function deliveryMeasure(measures: ByTopic, clock: Clock): (delivery: Delivery) => void {
  return ({ topic, recordCount, sizeInBytes, error, begunAtMs }) => {
    const figures = measures.get(topic);
    if (figures === undefined) return;
    if (error !== undefined) {
      figures.errors += recordCount;
      return;
    }
    figures.records += recordCount;
    figures.bytes += sizeInBytes;
    figures.latencies.add(clock.monotonic() - begunAtMs);
  };
}

/** Of each batch that was handed out; its first record tells how old what is read is. */
export function batchMeasure<T extends TopicLike>(measures: ByTopic, clock: Clock): (batch: ConsumerBatch<T>) => void {
  return (batch) => {
    const { topic, partition, recordCount, sizeInBytes, highWatermark, nextOffset } = batch as ConsumerBatch;
    const figures = measures.get(topic);
    if (figures === undefined) return;
    figures.records += recordCount;
    figures.bytes += sizeInBytes;
    figures.lags.set(partition, Math.max(0, highWatermark - nextOffset));
    for (const { timestamp } of batch as Iterable<{ readonly timestamp: number }>) {
      if (timestamp >= 0) figures.latencies.add(Math.max(0, clock.now() - timestamp));
      break;
    }
  };
}

/** Of each record that was handed out alone, which does not tell how far its partition goes. */
export function recordMeasure<T extends TopicLike>(
  measures: ByTopic,
  clock: Clock,
): (record: ConsumerRecord<T>) => void {
  return (record) => {
    const { topic, timestamp, keyBytes, valueBytes } = record as ConsumerRecord;
    const figures = measures.get(topic);
    if (figures === undefined) return;
    figures.records++;
    figures.bytes += (keyBytes?.length ?? 0) + (valueBytes?.length ?? 0);
    if (timestamp >= 0) figures.latencies.add(Math.max(0, clock.now() - timestamp));
  };
}
