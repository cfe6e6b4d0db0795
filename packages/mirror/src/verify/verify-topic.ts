/** Compares a topic's two sides by content: the door to this folder. */
import { answerError, type CallBounds } from '@millrace/client/protocol';
import { describeConfigs } from '@millrace/wire';
import { AlignedSides } from './aligned-sides.ts';
import { compareInOrder } from './compare-in-order.ts';
import { compareLatest } from './compare-latest.ts';
import type { PartitionVerification, TopicVerification, VerifiedSide, VerifyOptions } from './verification.ts';

const concurrencyDefault = 4;
const topicResource = 2;

/**
 * Compares what both sides of a topic retain, up to the ends they have when a partition's turn comes: by default record
 * by record in order, for a compacted topic the latest record of each key. Records that the target does not have yet
 * are counted as `lag` and are no difference.
 *
 * Rejects with `VerifyError` when the comparison can't come to its end, and with `UnknownTopicError`, `KafkaError` and
 * the client's other errors when a side can't be asked.
 */
export async function verifyTopic(options: VerifyOptions): Promise<TopicVerification> {
  const { source, target } = options;
  const bounds = { timeoutMs: options.timeoutMs, signal: options.signal };
  const [sourceCount, targetCount] = await Promise.all([
    partitionCount(source, bounds),
    partitionCount(target, bounds),
  ]);
  const all = Array.from({ length: Math.max(sourceCount, targetCount) }, (_, partition) => partition);
  const chosen = options.partitions === undefined ? all : all.filter((each) => options.partitions?.includes(each));
  const isLatest = options.latestByKey ?? ((await isCompacted(source, bounds)) || (await isCompacted(target, bounds)));
  const waiting = chosen.filter((partition) => partition < Math.min(sourceCount, targetCount));
  const partitions: PartitionVerification[] = [];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        partitions.push(await verifyPartition(options, bounds, next, isLatest));
      } catch (error) {
        // The other lanes begin no more.
        waiting.length = 0;
        throw error;
      }
    }
  };
  const lanes = Math.min(options.concurrency ?? concurrencyDefault, waiting.length);
  await Promise.all(Array.from({ length: lanes }, lane));
  partitions.sort((left, right) => left.partition - right.partition);
  const onlyInSource = chosen.filter((partition) => partition >= targetCount);
  const onlyInTarget = chosen.filter((partition) => partition >= sourceCount);
  return {
    source: source.topic,
    target: target.topic,
    manner: isLatest ? 'latest by key' : 'record by record',
    isEqual: onlyInSource.length + onlyInTarget.length === 0 && partitions.every(({ isEqual }) => isEqual),
    partitions,
    onlyInSource,
    onlyInTarget,
  };
}

async function verifyPartition(
  options: VerifyOptions,
  bounds: CallBounds,
  partition: number,
  isLatest: boolean,
): Promise<PartitionVerification> {
  const { source, target, mapOf, passedOverOf, skip, skipSource, onProgress } = options;
  const sides = await AlignedSides.take({
    source,
    target,
    partition,
    targetIsolation: options.targetIsolation ?? 'read_committed',
    bounds,
    skip: skip?.get(partition) ?? [],
    skipSource: skipSource?.get(partition) ?? [],
    map: async () => mapOf?.(partition),
    passedOver: async () => (await passedOverOf?.(partition)) ?? [],
  });
  const compare = isLatest ? compareLatest : compareInOrder;
  return compare(sides, (records, sourceOffset) => {
    onProgress?.({ partition, records, sourceOffset, sourceEnd: sides.sourceTo });
  });
}

async function partitionCount({ cluster, topic }: VerifiedSide, bounds: CallBounds): Promise<number> {
  await cluster.metadata.refresh([topic]);
  return (await cluster.metadata.topic(topic, false, bounds)).partitions.length;
}

async function isCompacted({ cluster, topic }: VerifiedSide, bounds: CallBounds): Promise<boolean> {
  const resource = { resourceType: topicResource, resourceName: topic, configurationKeys: ['cleanup.policy'] };
  return cluster.retrying(bounds, async () => {
    const { results } = await cluster.callAny(describeConfigs, { resources: [resource] });
    const needed = { operation: 'describe-configs', resourceType: 'topic', resourceName: topic } as const;
    const [result] = results;
    if (result === undefined || result.errorCode !== 0) {
      throw answerError(result?.errorCode ?? -1, `read the configuration of ${topic}`, result?.errorMessage, needed);
    }
    return result.configs.some(({ name, value }) => name === 'cleanup.policy' && value?.split(',').includes('compact'));
  });
}
