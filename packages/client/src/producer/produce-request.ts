/** Produce requests out of batches, and the answers to them. */
import type { ProduceResponse, produce, RequestDraft } from '@millrace/wire';
import type { PartitionBatch } from './partition-batch.ts';

export type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number];

/** A request with these batches, each of another partition. Their bytes must not change until the answer. */
export function produceDraft(
  batches: readonly PartitionBatch[],
  acks: -1 | 0 | 1,
  timeoutMs: number,
  transactionalId: string | undefined,
): RequestDraft<typeof produce> {
  const topicData: { name: string; partitionData: { index: number; records: Uint8Array }[] }[] = [];
  for (const batch of batches) {
    const { topic, partition } = batch.queue;
    let topicPart = topicData.find(({ name }) => name === topic);
    if (topicPart === undefined) {
      topicPart = { name: topic, partitionData: [] };
      topicData.push(topicPart);
    }
    // Nobody tells when a request without an answer has left the process, and the builder is used again at once.
    const records = acks === 0 ? batch.bytes().slice() : batch.bytes();
    topicPart.partitionData.push({ index: partition, records });
  }
  return { transactionalId: transactionalId ?? null, acks, timeoutMs, topicData };
}

/** How long the delivery of the youngest of the batches may still take, in ms, at least 1. */
export function remainingMs(batches: readonly PartitionBatch[], now: number, deliveryTimeoutMs: number): number {
  let remaining = 1;
  for (const { createdAt } of batches) remaining = Math.max(remaining, createdAt + deliveryTimeoutMs - now);
  return Math.ceil(remaining);
}

/** What an answer says of a batch; undefined when it leaves it out. */
export function answerOf(response: ProduceResponse, batch: PartitionBatch): PartitionAnswer | undefined {
  const { topic, partition } = batch.queue;
  return response.responses
    .find(({ name }) => name === topic)
    ?.partitionResponses.find(({ index }) => index === partition);
}
