/** What topics hold now: their ids, and where their partitions begin and end. */
import { type Client, unwrap } from '@millrace/client';

export interface PartitionRange {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

export async function topicRanges(
  client: Client,
  topics: readonly string[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<PartitionRange[]> {
  const { signal } = options;
  await using admin = client.admin();
  const described = unwrap(await admin.describeTopics([...topics], { signal }));
  const places = described.flatMap(({ topic, topicId, partitions }) =>
    partitions.map(({ partition }) => ({ topic, topicId, partition })),
  );
  const offsets = async (at: 'earliest' | 'latest'): Promise<number[]> => {
    const queries = places.map(({ topic, partition }) => ({ topic, partition, at }));
    return unwrap(await admin.listOffsets(queries, { signal })).map(({ offset }) => offset);
  };
  const [starts, ends] = await Promise.all([offsets('earliest'), offsets('latest')]);
  return places.map((place, index) => ({ ...place, start: starts[index] ?? 0, end: ends[index] ?? 0 }));
}
