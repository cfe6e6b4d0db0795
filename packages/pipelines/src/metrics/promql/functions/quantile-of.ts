/** Quantiles of numbers. */

/** A sorted copy, NaN first. */
export function sortedNumbers(values: Float64Array): Float64Array {
  const sorted = values.toSorted();
  const firstNan = sorted.findIndex(Number.isNaN);
  if (firstNan <= 0) return sorted;
  const result = new Float64Array(sorted.length);
  result.set(sorted.subarray(firstNan));
  result.set(sorted.subarray(0, firstNan), sorted.length - firstNan);
  return result;
}

/** Between two values that lie next to each other, in proportion. */
export function quantileOfSorted(q: number, sorted: Float64Array): number {
  if (sorted.length === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const rank = q * (sorted.length - 1);
  const lower = Math.floor(rank);
  const upper = Math.min(sorted.length - 1, lower + 1);
  const weight = rank - lower;
  return (sorted[lower] as number) * (1 - weight) + (sorted[upper] as number) * weight;
}
