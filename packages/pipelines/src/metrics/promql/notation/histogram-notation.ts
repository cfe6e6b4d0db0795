/** Native histograms as test scripts write them: `{{schema:1 sum:3 count:22 buckets:[5 10 7] offset:-1}}`. */
import { type BucketCounts, type NativeHistogram, noBuckets, type ResetHint } from '../model/native-histogram.ts';
import { notedNumber } from './noted-number.ts';

export interface NotedHistogram {
  readonly histogram: NativeHistogram;
  /** Whether the text names a reset hint; else it does not matter which it is. */
  readonly hasHint: boolean;
}

/** @param text without the braces */
export function parseHistogram(text: string): NotedHistogram {
  const fields = new Map<string, string>();
  for (const [, name, list, word] of text.matchAll(/(\w+):(?:\[([^\]]*)\]|(\S+))/g)) {
    fields.set(name as string, list ?? (word as string));
  }
  const number = (name: string): number => (fields.has(name) ? notedNumber(fields.get(name) as string) : 0);
  const numbers = (name: string): Float64Array =>
    Float64Array.from((fields.get(name) ?? '').split(/\s+/).filter(Boolean), notedNumber);
  const side = (buckets: string, offset: string): BucketCounts => {
    const counts = numbers(buckets);
    if (counts.length === 0) return noBuckets;
    return { counts, indexes: Int32Array.from(counts, (_, at) => at + number(offset)) };
  };
  const hint = fields.get('counter_reset_hint');
  return {
    hasHint: hint !== undefined,
    histogram: {
      schema: number('schema'),
      count: number('count'),
      sum: number('sum'),
      zeroCount: number('z_bucket'),
      zeroThreshold: number('z_bucket_w'),
      positive: side('buckets', 'offset'),
      negative: side('n_buckets', 'n_offset'),
      ...(fields.has('custom_values') && { customBounds: numbers('custom_values') }),
      resetHint: (hint ?? 'unknown') as ResetHint,
    },
  };
}
