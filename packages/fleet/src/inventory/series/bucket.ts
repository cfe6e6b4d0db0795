/**
 * A stretch of time of one figure: its least, greatest and mean value, over so many looks. Buckets of an hour are
 * stored as records of 7 or 15 bytes that are appended: minute, metric, count, and the mean, or least, greatest and
 * mean where they differ. Values are 32-bit floats, exact to seven digits. Pure.
 */

/** What is kept over time. New ones are added at the end: their place is what is stored. */
export const metrics = [
  'recordsPerSecond',
  'bytesPerSecond',
  'storedBytes',
  'lag',
  'topics',
  'partitions',
  'groups',
  'brokers',
  'underReplicated',
  'offline',
  'lookMs',
  'logBytes',
  'reachable',
] as const;

export type Metric = (typeof metrics)[number];

/** Nothing is written of them while they are 0; what is not there between buckets of their cluster is 0. */
export const zeroMetrics: ReadonlySet<Metric> = new Set(['recordsPerSecond', 'bytesPerSecond', 'lag']);

export interface Bucket {
  min: number;
  max: number;
  mean: number;
  count: number;
}

/** A bucket with its place in an hour. */
export interface PlacedBucket extends Bucket {
  /** In which it begins, 0 to 59. */
  readonly minute: number;
  readonly metric: Metric;
}

const constantFlag = 0x80;
const countMax = 255;

export function noteIn(bucket: Bucket | undefined, value: number): Bucket {
  return bucket === undefined
    ? { min: value, max: value, mean: value, count: 1 }
    : mergeBuckets(bucket, { min: value, max: value, mean: value, count: 1 });
}

/** Changes the first, and answers it. */
export function mergeBuckets(into: Bucket, other: Readonly<Bucket>): Bucket {
  const count = into.count + other.count;
  into.mean += (other.mean - into.mean) * (other.count / count);
  into.min = Math.min(into.min, other.min);
  into.max = Math.max(into.max, other.max);
  into.count = count;
  return into;
}

export function encodeBuckets(buckets: readonly PlacedBucket[]): Buffer {
  const parts = buckets.map(({ minute, metric, min, max, mean, count }) => {
    const isConstant = Math.fround(min) === Math.fround(max);
    const part = Buffer.alloc(isConstant ? 7 : 15);
    part[0] = minute;
    part[1] = metrics.indexOf(metric) | (isConstant ? constantFlag : 0);
    part[2] = Math.min(count, countMax);
    part.writeFloatBE(isConstant ? mean : min, 3);
    if (!isConstant) {
      part.writeFloatBE(max, 7);
      part.writeFloatBE(mean, 11);
    }
    return part;
  });
  return Buffer.concat(parts);
}

/** Those of metrics that this version does not know are left out, and what is cut off at the end. */
export function decodeBuckets(body: Buffer): PlacedBucket[] {
  const buckets: PlacedBucket[] = [];
  for (let at = 0; at + 7 <= body.length; ) {
    const [minute = 0, code = 0, count = 1] = body.subarray(at, at + 3);
    const isConstant = (code & constantFlag) !== 0;
    const length = isConstant ? 7 : 15;
    if (at + length > body.length) break;
    const metric = metrics[code & ~constantFlag];
    const min = body.readFloatBE(at + 3);
    const max = isConstant ? min : body.readFloatBE(at + 7);
    const mean = isConstant ? min : body.readFloatBE(at + 11);
    if (metric !== undefined) buckets.push({ minute, metric, min, max, mean, count: Math.max(1, count) });
    at += length;
  }
  return buckets;
}
