/**
 * What the points of one series add to totals, also when points come late, twice, or after the series began anew.
 *
 * The points of a while are remembered in the order of their times. A point adds what there is between it and the one
 * before; one that comes late takes its share from the one after it. So what was added comes at any moment to the same
 * as if the remembered points had come in order. A point older than all that is remembered is too late: of a total it
 * takes nothing away, since the points after it hold it; of a delta it is lost, and counted.
 */
import type { Serde } from '@millrace/client';
import type { MetricSample } from '../sample.ts';
import { difference, isGauge, type Parts, partsOf } from './parts.ts';

/** A point as it is remembered: its time, when counting began (0: unknown), and its parts. */
type Remembered = readonly [timeMs: number, startMs: number, parts: Parts];

/** What is remembered of a series; plain data. */
export interface SeriesMemory {
  /** The newest point that is too old to take others before it. */
  readonly base: Remembered | null;
  /** Ascending by time. */
  readonly points: readonly Remembered[];
}

/** A point whose only part is a value is stored with that alone. */
type StoredPoint = readonly [timeMs: number, startMs: number, parts: Parts | number];

/** How the memory of a series is stored: `[base, points]`. */
export const seriesMemory: Serde<SeriesMemory> = {
  name: 'series-memory',
  serialize({ base, points }) {
    const stored = ([timeMs, startMs, parts]: Remembered): StoredPoint => {
      const { value } = parts;
      return [timeMs, startMs, value !== undefined && isAlone(parts) ? value : parts];
    };
    return JSON.stringify([base && stored(base), points.map(stored)]);
  },
  deserialize(bytes) {
    const [base, points] = JSON.parse(Buffer.from(bytes ?? []).toString()) as [StoredPoint | null, StoredPoint[]];
    const remembered = ([timeMs, startMs, parts]: StoredPoint): Remembered => {
      return [timeMs, startMs, typeof parts === 'number' ? { value: parts } : parts];
    };
    return { base: base && remembered(base), points: points.map(remembered) };
  },
};

export interface Increment {
  readonly timeMs: number;
  readonly parts: Parts;
}

export interface Incremented {
  /** Undefined: as it was. */
  readonly memory: SeriesMemory | undefined;
  readonly increments: readonly Increment[];
  /** The point came too late to count. */
  readonly late: boolean;
}

export interface MemoryBounds {
  /** How long after others of its series a point may come, in ms. */
  readonly latenessMs: number;
  /** Points that are remembered at most. */
  readonly pointsMax: number;
}

const none: Parts = {};
const unchanged: Incremented = { memory: undefined, increments: [], late: false };

export function incremented(memory: SeriesMemory | undefined, sample: MetricSample, bounds: MemoryBounds): Incremented {
  const { base = null, points = [] } = memory ?? {};
  const parts = partsOf(sample);
  if (parts === undefined) return unchanged;
  const { timeMs, startMs } = sample;
  if (base !== null && timeMs <= base[0]) {
    return { ...unchanged, late: timeMs < base[0] };
  }
  let at = points.length;
  while (at > 0 && (points[at - 1] as Remembered)[0] >= timeMs) at--;
  // The same point again: its sender was not answered.
  if (points[at]?.[0] === timeMs) return unchanged;
  const adds = isCumulative(sample) ? increase : ownParts;
  const point: Remembered = [timeMs, startMs, parts];
  const before = points[at - 1] ?? base;
  const after = points[at];
  const increments: Increment[] = [];
  const own = adds(before, point);
  if (!isEmpty(own)) increments.push({ timeMs, parts: own });
  if (after !== undefined) {
    const change = difference(adds(point, after), adds(before, after));
    if (!isEmpty(change)) increments.push({ timeMs: after[0], parts: change });
  }
  return { memory: bounded({ base, points: points.toSpliced(at, 0, point) }, bounds), increments, late: false };
}

function isCumulative(sample: MetricSample): boolean {
  return sample.temporality !== 'delta' && !isGauge(sample);
}

function ownParts(_before: Remembered | null, [, , parts]: Remembered): Parts {
  return parts;
}

/** What a total has grown by since the point before, or since it began anew. */
function increase(before: Remembered | null, [, startMs, parts]: Remembered): Parts {
  // Of a first point without a start nobody knows when it counted.
  if (before === null) return startMs > 0 ? parts : none;
  const [, startBefore, partsBefore] = before;
  const count = parts['value'] ?? parts['count'] ?? 0;
  const beganAnew =
    (startMs > startBefore && startBefore > 0) || count < (partsBefore['value'] ?? partsBefore['count'] ?? 0);
  return beganAnew ? parts : difference(parts, partsBefore);
}

function bounded({ base, points }: SeriesMemory, { latenessMs, pointsMax }: MemoryBounds): SeriesMemory {
  const since = (points.at(-1)?.[0] ?? 0) - latenessMs;
  let kept = 0;
  while (kept < points.length - 1 && ((points[kept] as Remembered)[0] < since || points.length - kept > pointsMax))
    kept++;
  return kept === 0 ? { base, points } : { base: points[kept - 1] as Remembered, points: points.slice(kept) };
}

function isAlone(parts: Parts): boolean {
  let count = 0;
  for (const _ in parts) count++;
  return count === 1;
}

function isEmpty(parts: Parts): boolean {
  for (const _ in parts) return false;
  return true;
}
