/** The request that fetches ranges of partitions, and its answer. */
import type { FetchResponse, fetch, RequestDraft } from '@millrace/wire';
import type { FetchRange, PartitionRanges } from './partition-ranges.ts';

/** One range of one partition. */
export interface FetchPlace {
  readonly ranges: PartitionRanges;
  readonly range: FetchRange;
}

/**
 * The places by topic, in their order, which are noted as asked for. `asksEpochs`: whether the broker compares the
 * epoch that was fetched last.
 */
export function topicsOf(
  places: readonly FetchPlace[],
  bytesMax: number,
  asksEpochs: boolean,
): RequestDraft<typeof fetch>['topics'] {
  type Place = Record<'partition' | 'fetchOffset' | 'lastFetchedEpoch' | 'partitionMaxBytes', number>;
  const topics = new Map<string, { topic: string; topicId: string; partitions: Place[] }>();
  for (const { ranges, range } of places) {
    const { topic: name, topicId, partition } = ranges.partition;
    const key = `${topicId} ${name}`;
    let topic = topics.get(key);
    if (topic === undefined) {
      topic = { topic: name, topicId, partitions: [] };
      topics.set(key, topic);
    }
    const epoch = ranges.asked(range);
    const lastFetchedEpoch = asksEpochs ? epoch : -1;
    const partitionMaxBytes = Math.min(range.bytesMax, bytesMax);
    topic.partitions.push({ partition, fetchOffset: range.from, lastFetchedEpoch, partitionMaxBytes });
  }
  return [...topics.values()];
}

export function bytesIn({ responses }: FetchResponse): number {
  return responses.reduce((sum, { partitions }) => {
    return partitions.reduce((part, { records }) => part + (records?.length ?? 0), sum);
  }, 0);
}

/** Some of the records, which all lie in one frame. */
export function recordsIn({ responses }: FetchResponse): Uint8Array | undefined {
  for (const { partitions } of responses) {
    for (const { records } of partitions) if (records !== null) return records;
  }
  return undefined;
}
