/**
 * Figures over time, answered with so many points at most: buckets are put together until they are few enough, so a
 * peak stays one however long the time is.
 */
import type { Kysely } from 'kysely';
import type { Schema } from '../../database/schema.ts';
import { type Bucket, decodeBuckets, type Metric, mergeBuckets, zeroMetrics } from './bucket.ts';
import { readSeries, type StoredHour } from './series-store.ts';
import { bucketMsOf, type Subject, subjectText } from './subject.ts';

export interface SeriesName {
  readonly cluster: string;
  readonly subject: Subject;
  readonly metric: Metric;
  /** Whether it is there now: then what is not stored of it is 0, and not unknown. */
  readonly isThere: boolean;
}

/** Begin in ms since 1970, and the least, greatest and mean value. */
export type SeriesPoint = readonly [at: number, min: number, max: number, mean: number];

export interface SeriesRange {
  /** In ms since 1970; the end is not part of it. */
  readonly from: number;
  readonly to: number;
  readonly pointsMax: number;
}

/** What is gathered and not stored yet, where this process gathers. */
export type OpenBuckets = (
  cluster: string,
  subject: string,
) => { readonly from: number; readonly metrics: ReadonlyMap<Metric, Readonly<Bucket>> } | undefined;

const hourMs = 3_600_000;

/** In the order of the names; each with the length of its points in ms. Times in which nobody looked have no point. */
export async function querySeries(
  db: Kysely<Schema>,
  names: readonly SeriesName[],
  range: SeriesRange,
  open: OpenBuckets,
): Promise<{ readonly stepMs: number; readonly points: SeriesPoint[] }[]> {
  const wanted = new Map<string, { cluster: string; subject: string }>();
  const want = (cluster: string, subject: string): void => {
    wanted.set(`${cluster}\n${subject}`, { cluster, subject });
  };
  for (const { cluster, subject } of names) {
    want(cluster, subjectText(subject));
    // It tells when anybody looked.
    want(cluster, '');
  }
  const hours = await readSeries(db, [...wanted.values()], new Date(range.from), new Date(range.to));
  const bySubject = Map.groupBy(hours, ({ cluster, subject }) => `${cluster}\n${subject}`);
  return names.map((name) => {
    const text = subjectText(name.subject);
    const own = bucketsOf(bySubject.get(`${name.cluster}\n${text}`) ?? [], name.metric);
    addOpen(own, open(name.cluster, text), name.metric);
    const bucketMs = bucketMsOf(name.subject.kind);
    if (text !== '') {
      const looks = bucketsOf(bySubject.get(`${name.cluster}\n`) ?? [], 'reachable');
      addOpen(looks, open(name.cluster, ''), 'reachable');
      const isZero = zeroMetrics.has(name.metric) && (name.isThere || own.size > 0);
      fill(own, looks, bucketMs, isZero);
    }
    return pointsOf(own, bucketMs, range);
  });
}

function bucketsOf(hours: readonly StoredHour[], metric: Metric): Map<number, Bucket> {
  const buckets = new Map<number, Bucket>();
  for (const { hour, body } of hours) {
    for (const { minute, metric: which, ...bucket } of decodeBuckets(body)) {
      if (which === metric) add(buckets, hour.getTime() + minute * 60_000, bucket);
    }
  }
  return buckets;
}

function add(buckets: Map<number, Bucket>, at: number, bucket: Readonly<Bucket>): void {
  const known = buckets.get(at);
  if (known === undefined) buckets.set(at, { ...bucket });
  else mergeBuckets(known, bucket);
}

function addOpen(buckets: Map<number, Bucket>, open: ReturnType<OpenBuckets>, metric: Metric): void {
  const bucket = open?.metrics.get(metric);
  if (open !== undefined && bucket !== undefined) add(buckets, open.from, bucket);
}

/** What was left out since it was 0, or as before in its hour, where somebody looked. */
function fill(own: Map<number, Bucket>, looks: ReadonlyMap<number, Bucket>, bucketMs: number, isZero: boolean): void {
  const seen = new Set<number>();
  for (const [at, { max }] of looks) if (max > 0) seen.add(Math.floor(at / bucketMs) * bucketMs);
  let last: { readonly at: number; readonly value: number } | undefined;
  for (const at of [...seen, ...own.keys()].sort((left, right) => left - right)) {
    const bucket = own.get(at);
    if (bucket !== undefined) {
      last = { at, value: bucket.mean };
      continue;
    }
    const isSameHour = last !== undefined && Math.floor(last.at / hourMs) === Math.floor(at / hourMs);
    const value = isSameHour && last !== undefined ? last.value : isZero ? 0 : undefined;
    if (value !== undefined) own.set(at, { min: value, max: value, mean: value, count: 1 });
  }
}

function pointsOf(
  buckets: ReadonlyMap<number, Bucket>,
  bucketMs: number,
  { from, to, pointsMax }: SeriesRange,
): { readonly stepMs: number; readonly points: SeriesPoint[] } {
  const count = Math.max(1, Math.ceil((to - from) / bucketMs / pointsMax));
  const stepMs = count * bucketMs;
  const steps = new Map<number, Bucket>();
  for (const [at, bucket] of buckets) {
    if (at + bucketMs <= from || at >= to) continue;
    add(steps, Math.floor(at / stepMs) * stepMs, bucket);
  }
  const points = [...steps].sort(([left], [right]) => left - right);
  return { stepMs, points: points.map(([at, { min, max, mean }]): SeriesPoint => [at, min, max, mean]) };
}
