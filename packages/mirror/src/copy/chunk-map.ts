/** The offset map of a partition out of its journal's chunks. */
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { isAnotherTopic } from './topic-identity.ts';

/** The map as the chunks (ascending) tell it, up to what is confirmed, of the topic copied last by the name. */
export function mapOfChunks(chunks: readonly JournalChunk[]): PartitionOffsetMap {
  const map = new PartitionOffsetMap();
  const last = chunks.at(-1)?.topicId ?? '';
  for (const { topicId, runs, confirmed } of chunks) {
    if (isAnotherTopic(topicId, last)) continue;
    for (const { source, target, count } of runs) {
      const known = Math.min(count, confirmed.source - source);
      if (known > 0) map.append({ source, target, count: known });
    }
  }
  return map;
}
