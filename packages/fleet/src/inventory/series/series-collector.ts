/**
 * Figures of looks, gathered into buckets. A bucket is given out once its time is over; what stays the same over many
 * is given out once an hour, so that a topic that nobody uses costs next to nothing.
 */
import type { ObservedCluster } from '../inventory.ts';
import { leaderless, missing } from '../state/changes.ts';
import { type Bucket, encodeBuckets, type Metric, noteIn, type PlacedBucket, zeroMetrics } from './bucket.ts';
import { bucketMsOf, type Subject, subjectText } from './subject.ts';

const hourMs = 3_600_000;

/** Records to be appended to a row. */
export interface SeriesRow {
  readonly subject: string;
  /** Begin of the hour, in ms since 1970. */
  readonly hour: number;
  readonly body: Buffer;
}

interface Open {
  readonly from: number;
  readonly metrics: Map<Metric, Bucket>;
  /** What was given out last in this hour: to be given out again only when it changes. */
  readonly written: Map<Metric, number>;
}

export class SeriesCollector {
  /** By subject, of one cluster. */
  readonly #open = new Map<string, Open>();

  /** Takes in a look, and answers what is over by then. */
  note(cluster: ObservedCluster, at: number, lookMs: number): SeriesRow[] {
    const rows: SeriesRow[] = [];
    const totals = { recordsPerSecond: 0, bytesPerSecond: 0, storedBytes: 0, partitions: 0, lag: 0 };
    const broken = { underReplicated: 0, offline: 0 };
    const put = (subject: Subject, values: Partial<Record<Metric, number | undefined>>): void => {
      const row = this.#put(subject, at, values);
      if (row !== undefined) rows.push(row);
    };
    for (const topic of cluster.topics.values()) {
      const { name, recordsPerSecond, bytesPerSecond, storedBytes } = topic;
      put({ kind: 'topic', name }, { recordsPerSecond, bytesPerSecond, storedBytes });
      totals.recordsPerSecond += recordsPerSecond ?? 0;
      totals.bytesPerSecond += bytesPerSecond ?? 0;
      totals.storedBytes += storedBytes ?? 0;
      totals.partitions += topic.partitions.length;
      broken.underReplicated += missing(topic);
      broken.offline += leaderless(topic);
    }
    for (const { group, lag } of cluster.groups.values()) {
      put({ kind: 'group', name: group }, { lag });
      totals.lag += lag ?? 0;
    }
    for (const { nodeId, logBytes } of cluster.brokers) {
      put({ kind: 'broker', name: String(nodeId) }, { logBytes });
    }
    const { topics, groups, brokers } = cluster;
    const counts = { topics: topics.size, groups: groups.size, brokers: brokers.length };
    put({ kind: 'cluster', name: '' }, { ...totals, ...counts, ...broken, lookMs, reachable: 1 });
    return rows;
  }

  /** Takes in a look that failed. */
  noteUnreachable(at: number): SeriesRow[] {
    const row = this.#put({ kind: 'cluster', name: '' }, at, { reachable: 0 });
    return row === undefined ? [] : [row];
  }

  /** All that is gathered, the buckets that are not over included. */
  flush(): SeriesRow[] {
    const rows = [...this.#open].flatMap(([subject, open]) => rowOf(subject, open) ?? []);
    this.#open.clear();
    return rows;
  }

  /** What of a subject is gathered and not given out yet. */
  peek(subject: string): { readonly from: number; readonly metrics: ReadonlyMap<Metric, Bucket> } | undefined {
    return this.#open.get(subject);
  }

  #put(subject: Subject, at: number, values: Partial<Record<Metric, number | undefined>>): SeriesRow | undefined {
    const text = subjectText(subject);
    const bucketMs = bucketMsOf(subject.kind);
    const from = Math.floor(at / bucketMs) * bucketMs;
    let open = this.#open.get(text);
    let row: SeriesRow | undefined;
    if (open === undefined || open.from !== from) {
      if (open !== undefined) row = rowOf(text, open);
      const isSameHour = open !== undefined && hourOf(open.from) === hourOf(from);
      open = { from, metrics: new Map(), written: isSameHour && open !== undefined ? open.written : new Map() };
      this.#open.set(text, open);
    }
    for (const [metric, value] of Object.entries(values) as [Metric, number | undefined][]) {
      if (value !== undefined) open.metrics.set(metric, noteIn(open.metrics.get(metric), value));
    }
    return row;
  }
}

function hourOf(at: number): number {
  return Math.floor(at / hourMs) * hourMs;
}

/** Undefined when there is nothing to be told. */
function rowOf(subject: string, { from, metrics, written }: Open): SeriesRow | undefined {
  const hour = hourOf(from);
  const minute = (from - hour) / 60_000;
  const buckets: PlacedBucket[] = [];
  for (const [metric, bucket] of metrics) {
    const isConstant = bucket.min === bucket.max;
    // Buckets of the cluster itself tell when anybody looked, so they are always there.
    if (subject !== '' && isConstant) {
      const last = written.get(metric) ?? (zeroMetrics.has(metric) ? 0 : undefined);
      if (last === bucket.mean) continue;
    }
    written.set(metric, isConstant ? bucket.mean : Number.NaN);
    buckets.push({ minute, metric, ...bucket });
  }
  return buckets.length === 0 ? undefined : { subject, hour, body: encodeBuckets(buckets) };
}
