/** The offset map of a partition out of its journal's chunks. */
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { isAnotherTopic } from './topic-identity.ts';

/**
 * The map as the chunks (ascending) tell it, up to what is confirmed, of the topic copied last by the name. What an
 * owner copied again of a chunk before counts as it lies there.
 */
export function mapOfChunks(chunks: readonly JournalChunk[]): PartitionOffsetMap {
  const map = new PartitionOffsetMap();
  const last = chunks.at(-1)?.topicId ?? '';
  const own = chunks.filter(({ topicId }) => !isAnotherTopic(topicId, last));
  const ends = endsOf(own);
  for (const [index, { runs, confirmed }] of own.entries()) {
    const end = ends[index] as Place;
    for (const { source, target, count } of runs) {
      const known = Math.min(count, confirmed.source - source, end.source - source, end.target - target);
      if (known > 0) map.append({ source, target, count: known });
    }
  }
  return map;
}

interface Place {
  readonly source: number;
  readonly target: number;
}

/**
 * Where what each chunk tells ends, as a later one begins there: its owner could not fence the one before, or had lost
 * on the target what that one had copied.
 */
function endsOf(chunks: readonly JournalChunk[]): Place[] {
  const ends: Place[] = [];
  let end: Place = { source: Number.POSITIVE_INFINITY, target: Number.POSITIVE_INFINITY };
  for (const { runs, confirmed } of chunks.toReversed()) {
    ends.unshift(end);
    const first = runs.find(({ source, count }) => count > 0 && source < confirmed.source);
    if (first === undefined) continue;
    end = { source: Math.min(end.source, first.source), target: Math.min(end.target, first.target) };
  }
  return ends;
}
