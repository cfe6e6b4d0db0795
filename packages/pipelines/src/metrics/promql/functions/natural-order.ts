/** Texts as people order them: digits in them count as numbers. */

const parts = /(\d+|\D+)/g;

export function compareNaturally(a: string, b: string): number {
  if (a === b) return 0;
  const left = a.match(parts) ?? [];
  const right = b.match(parts) ?? [];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const one = left[at] as string;
    const other = right[at] as string;
    if (one === other) continue;
    const areNumbers = /^\d/.test(one) && /^\d/.test(other);
    if (areNumbers && Number(one) !== Number(other)) return Number(one) < Number(other) ? -1 : 1;
    // The same number with more zeros before it comes later.
    if (areNumbers && one.length !== other.length) return one.length < other.length ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return left.length - right.length;
}
