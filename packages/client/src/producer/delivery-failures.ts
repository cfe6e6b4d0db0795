/** The errors of batches that could not be delivered. */
import { messageOf } from '@millrace/base';
import { KafkaError } from '@millrace/wire';
import { DeliveryError } from '../errors.ts';
import type { PartitionBatch } from './partition-batch.ts';

/** The time for a batch is over. */
export function timedOut(batch: PartitionBatch, deliveryTimeoutMs: number): DeliveryError {
  const { topic, partition } = batch.queue;
  const { lastError, recordCount } = batch;
  const reason = lastError === undefined ? 'it was never sent, because no broker took it' : messageOf(lastError);
  const detail = `not acknowledged within deliveryTimeoutMs (${deliveryTimeoutMs} ms); ${reason}`;
  const where = { topic, partition, recordCount, maybeStored: batch.attempts > 0 };
  return new DeliveryError('delivery_timeout', where, detail, lastError);
}

/** An error after which the batch is given up. */
export function given(batch: PartitionBatch, error: Error): DeliveryError {
  const { topic, partition } = batch.queue;
  const maybeStored = batch.attempts > 0 || !(error instanceof KafkaError);
  const where = { topic, partition, recordCount: batch.recordCount, maybeStored };
  return new DeliveryError('delivery_failed', where, messageOf(error), error);
}
