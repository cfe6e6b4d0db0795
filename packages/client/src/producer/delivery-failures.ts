/** The errors of batches that could not be delivered. */
import { messageOf } from '@millrace/base';
import { DeliveryError } from '../errors.ts';
import type { PartitionBatch } from './partition-batch.ts';

/** The time for a batch is over. What a broker said to it is the cause, even if attempts after that had no answer. */
export function timedOut(batch: PartitionBatch, deliveryTimeoutMs: number): DeliveryError {
  const detail = `not acknowledged within deliveryTimeoutMs (${deliveryTimeoutMs} ms); ${reasonOf(batch)}`;
  return new DeliveryError('delivery_timeout', placeOf(batch), detail, batch.lastRefusal ?? batch.lastError);
}

/** An error after which the batch is given up. */
export function given(batch: PartitionBatch, error: Error): DeliveryError {
  return new DeliveryError('delivery_failed', placeOf(batch), messageOf(error), error);
}

function placeOf(batch: PartitionBatch): Pick<DeliveryError, 'topic' | 'partition' | 'recordCount' | 'maybeStored'> {
  const { topic, partition } = batch.queue;
  return { topic, partition, recordCount: batch.recordCount, maybeStored: batch.maybeStored };
}

function reasonOf({ lastError, lastRefusal }: PartitionBatch): string {
  if (lastError === undefined) return 'it was never sent, because no broker took it';
  if (lastRefusal === undefined || lastRefusal === lastError) return messageOf(lastError);
  return `${messageOf(lastRefusal)}; after this answer: ${messageOf(lastError)}`;
}
