/** The offset map of a partition out of its journal's chunks. */
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { isAnotherTopic } from './topic-identity.ts';

/** Records of the map: `count` of them, the first at `source` and `target`, and which chunk tells of them. */
export interface KnownRun {
  readonly source: number;
  readonly target: number;
  readonly count: number;
  /** Place of the chunk among those that were given. */
  readonly chunk: number;
}

/** The map as the chunks (ascending) tell it: see `knownRuns`. */
export function mapOfChunks(chunks: readonly JournalChunk[]): PartitionOffsetMap {
  const map = new PartitionOffsetMap();
  for (const { source, target, count } of knownRuns(chunks)) map.append({ source, target, count });
  return map;
}

/**
 * What the chunks (ascending) know to be stored, ascending on both sides: up to what is confirmed, of the topic copied
 * last by the name. What an owner copies again of a chunk before counts as it lies there.
 */
export function* knownRuns(chunks: readonly JournalChunk[]): Generator<KnownRun> {
  const last = chunks.at(-1)?.topicId ?? '';
  const ends = endsOf(chunks.map((each) => (isAnotherTopic(each.topicId, last) ? undefined : each)));
  for (const [chunk, { runs, confirmed, topicId }] of chunks.entries()) {
    if (isAnotherTopic(topicId, last)) continue;
    const end = ends[chunk] as Place;
    for (const { source, target, count } of runs) {
      const known = Math.min(count, confirmed.source - source, end.source - source, end.target - target);
      if (known > 0) yield { source, target, count: known, chunk };
    }
  }
}

interface Place {
  readonly source: number;
  readonly target: number;
}

/**
 * Where what each chunk tells ends, as a later one begins there, whether or not anything of that is stored already: its
 * owner could not fence the one before, or the target had lost what that one had copied.
 */
function endsOf(chunks: readonly (JournalChunk | undefined)[]): Place[] {
  const ends: Place[] = [];
  let end: Place = { source: Number.POSITIVE_INFINITY, target: Number.POSITIVE_INFINITY };
  for (const chunk of chunks.toReversed()) {
    ends.unshift(end);
    const first = chunk?.runs[0];
    if (first === undefined) continue;
    end = { source: Math.min(end.source, first.source), target: Math.min(end.target, first.target) };
  }
  return ends;
}
