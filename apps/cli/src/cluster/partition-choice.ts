/** `--partition`: some partitions of topics, or all of them. */
import type { AdminCallOptions, TopicPartition } from '@millrace/client';
import { many } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import type { OpenCluster } from './open-cluster.ts';
import { describeExistingTopics } from './unknown-topic.ts';

export const partitionsOption = many(
  { placeholder: 'N', short: 'p', help: 'Only this partition, or a list such as 0,2,4' },
  (text) => text.split(',').map(parsePartition),
);

function parsePartition(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`'${text}' is not the number of a partition`);
}

/** The chosen partitions of the topics (all, when none is chosen), which must be there. */
export async function pickPartitions(
  cluster: OpenCluster,
  topics: readonly string[],
  chosen: readonly (readonly number[])[],
  options: AdminCallOptions,
): Promise<TopicPartition[]> {
  const wanted = [...new Set(chosen.flat())];
  const described = await describeExistingTopics(cluster, topics, options);
  return described.flatMap(({ topic, partitions }) => {
    const there = partitions.map(({ partition }) => partition);
    const missing = wanted.find((partition) => !there.includes(partition));
    if (missing !== undefined) {
      throw new UsageError(
        `${topic} has no partition ${missing}; it has ${there.length}, from 0 to ${there.length - 1}`,
      );
    }
    return (wanted.length === 0 ? there : wanted).map((partition) => ({ topic, partition }));
  });
}
