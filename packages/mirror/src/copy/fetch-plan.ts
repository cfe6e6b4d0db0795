/** Which ranges of which partitions the next request to a broker asks for. */
import type { FetchPlace } from './fetch-request.ts';
import type { FetchRange, PartitionRanges } from './partition-ranges.ts';

/** Those of the first group come first. */
export type PriorityGroups = readonly (readonly PartitionRanges[])[];

export interface FetchBounds {
  /** Most bytes that are asked for of one partition. */
  readonly rangeBytesMax: number;
  /** Bytes that may be asked for ahead of what is under way. */
  readonly aheadBytes: number;
  /** Whether what there is to fetch is divided among several requests. */
  readonly isDivided: boolean;
}

/**
 * Chooses among partitions that have room, in groups, of which the first comes first. Near a broker all go into one
 * request, and the broker fills the answer in their order. Otherwise it is about as much as fits a range: of each group
 * first what lies at the partitions' positions, then what lies ahead of them.
 */
export function planFetch(groups: PriorityGroups, bounds: FetchBounds): FetchPlace[] {
  if (!bounds.isDivided) return groups.flat().flatMap((ranges) => placesOf(ranges, ranges.head(bounds.rangeBytesMax)));
  const places: FetchPlace[] = [];
  let bytes = 0;
  for (const partitions of groups) {
    const heads = headsOf(partitions, bounds.rangeBytesMax, bytes);
    places.push(...heads);
    bytes = heads.reduce((sum, { ranges, range }) => sum + ranges.expected(range), bytes);
    const others = partitions.filter((each) => heads.every(({ ranges }) => ranges !== each));
    const ahead = aheadOf(others, bounds, bytes);
    places.push(...ahead);
    bytes = ahead.reduce((sum, { range }) => sum + range.bytesMax, bytes);
  }
  return places;
}

/** By the numbers that `priority` gives to topics, the greatest first. */
export function groupsOf(
  partitions: readonly PartitionRanges[],
  priority: ((topic: string) => number) | undefined,
): PriorityGroups {
  if (priority === undefined) return [partitions];
  const ranks = new Map(partitions.map(({ partition: { topic } }) => [topic, priority(topic)]));
  const groups = Map.groupBy(partitions, ({ partition }) => ranks.get(partition.topic) ?? 0);
  return [...groups].sort(([left], [right]) => right - left).map(([, group]) => group);
}

/** How many bytes places are expected to bring at once, without what is yet to be written. */
export function bytesOf(places: readonly FetchPlace[]): number {
  return places.reduce((sum, { ranges, range }) => sum + ranges.expected(range), 0);
}

function headsOf(partitions: readonly PartitionRanges[], bytesMax: number, planned: number): FetchPlace[] {
  const places: FetchPlace[] = [];
  let bytes = planned;
  for (const ranges of partitions) {
    const range = ranges.head(bytesMax);
    if (range === undefined) continue;
    const expected = ranges.expected(range);
    if (expected > 0 && bytes > 0 && bytes + expected > bytesMax) continue;
    bytes += expected;
    places.push({ ranges, range });
  }
  return places;
}

/** Of those first that have the least under way. */
function aheadOf(partitions: readonly PartitionRanges[], bounds: FetchBounds, planned: number): FetchPlace[] {
  const places: FetchPlace[] = [];
  const bytesMax = Math.min(bounds.rangeBytesMax, bounds.aheadBytes);
  let bytes = planned;
  if (2 * bytes > bytesMax) return places;
  for (const ranges of [...partitions].sort((left, right) => left.bytes - right.bytes)) {
    const range = ranges.ahead(bounds.rangeBytesMax);
    if (range === undefined || bytes + range.bytesMax > bytesMax) continue;
    bytes += range.bytesMax;
    places.push({ ranges, range });
  }
  return places;
}

function placesOf(ranges: PartitionRanges, range: FetchRange | undefined): FetchPlace[] {
  return range === undefined ? [] : [{ ranges, range }];
}
