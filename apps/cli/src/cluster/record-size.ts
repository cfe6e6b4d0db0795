/** How large records may be, so that a producer neither refuses what the topic takes nor sends what it refuses. */
import type { ProducerOptions } from '@millrace/client';
import type { OpenCluster } from './open-cluster.ts';

/** Bounds what a batch may take in memory, whatever the topic allows. */
const BATCH_BYTES_MAX = 128 * 1024 * 1024;
const BUFFER_BYTES_MIN = 32 * 1024 * 1024;

/** Producer settings after the topic's `max.message.bytes`; none when the cluster does not tell it. */
export async function sizedForTopic(
  { admin }: OpenCluster,
  topic: string,
  signal: AbortSignal,
): Promise<Pick<ProducerOptions, 'batchBytesMax' | 'bufferBytesMax'>> {
  const resource = { type: 'topic', name: topic, keys: ['max.message.bytes'] } as const;
  const [result] = await admin.describeConfigs([resource], { signal });
  // Who may write to a topic may not always see its configuration.
  if (result === undefined || result.error !== undefined) return {};
  const limit = Number(result.entries.find(({ name }) => name === 'max.message.bytes')?.value);
  if (!Number.isSafeInteger(limit) || limit < 256) return {};
  const batchBytesMax = Math.min(limit, BATCH_BYTES_MAX);
  return { batchBytesMax, bufferBytesMax: Math.max(BUFFER_BYTES_MIN, batchBytesMax * 2) };
}
