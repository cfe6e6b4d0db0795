/** The request that fetches ranges of partitions, and its answer. */
import type { Connection } from '@millrace/client/protocol';
import { type FetchResponse, fetch, KafkaError, type RequestDraft } from '@millrace/wire';
import type { FetchRange, PartitionRanges } from './partition-ranges.ts';
import { isTopicIdKnown } from './topic-identity.ts';

/** The last version that names topics by name. Later ones name them by id, and never read one made anew by mistake. */
export const fetchByNameVersion = 12;

/** From this version on leaders compare the epoch that was fetched last. */
export const fetchEpochVersionMin = 12;

/** One range of one partition. */
export interface FetchPlace {
  readonly ranges: PartitionRanges;
  readonly range: FetchRange;
}

/** In which version the places are fetched, `most` at most: only where all ids are known topics are named by them. */
export function fetchVersionOf(
  connection: Connection,
  places: readonly FetchPlace[],
  most = Number.POSITIVE_INFINITY,
): number {
  const areIdsKnown = places.every(({ ranges }) => isTopicIdKnown(ranges.partition.topicId));
  return connection.version(fetch, areIdsKnown ? most : Math.min(most, fetchByNameVersion));
}

export interface PlacesManner {
  readonly version: number;
  /** How long the broker may wait for data. */
  readonly waitMs: number;
  readonly maxBytes: number;
  readonly requestTimeoutMs: number;
  /** Under which epoch leaders must lead that do not compare what was fetched last; -1: under any. */
  readonly leaderEpochOf: (ranges: PartitionRanges) => number;
}

/** Fetches the places from a broker, with what committed readers see. Rejects as a request, or with `KafkaError`. */
export async function fetchPlaces(
  connection: Connection,
  places: readonly FetchPlace[],
  { version, waitMs, maxBytes, requestTimeoutMs, leaderEpochOf }: PlacesManner,
): Promise<FetchResponse> {
  const topics = topicsOf(places, maxBytes, version >= fetchEpochVersionMin, leaderEpochOf);
  // A transaction that is not decided may be aborted yet: nothing behind its begin is fetched.
  const draft = { maxWaitMs: waitMs, minBytes: 1, maxBytes, isolationLevel: 1, topics };
  const response = await connection.request(fetch, draft, {
    timeoutMs: requestTimeoutMs + waitMs,
    versionMax: version,
  });
  if (response.errorCode !== 0) throw new KafkaError(response.errorCode, `fetch from broker ${connection.broker}`);
  return response;
}

/**
 * The places by topic, in their order, which are noted as asked for. `asksEpochs`: whether the broker compares the
 * epoch that was fetched last; else its leader is to lead under `leaderEpochOf`.
 */
export function topicsOf(
  places: readonly FetchPlace[],
  bytesMax: number,
  asksEpochs: boolean,
  leaderEpochOf: (ranges: PartitionRanges) => number = () => -1,
): RequestDraft<typeof fetch>['topics'] {
  type Numbers = 'partition' | 'currentLeaderEpoch' | 'fetchOffset' | 'lastFetchedEpoch' | 'partitionMaxBytes';
  type Place = Record<Numbers, number>;
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
    const currentLeaderEpoch = asksEpochs ? -1 : leaderEpochOf(ranges);
    const fetchOffset = range.from;
    topic.partitions.push({ partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, partitionMaxBytes });
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
