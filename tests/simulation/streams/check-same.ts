/** Compares what is found with what a recomputation expects. */
import { InvariantViolation } from '../oracle/history.ts';

/** Throws `InvariantViolation` unless both have the same texts as often, and if so told in the same order. */
export function checkSame(
  what: string,
  expected: readonly string[],
  found: readonly string[],
  { inOrder = false } = {},
): void {
  const missing = without(expected, found);
  const extra = without(found, expected);
  const list = (texts: readonly string[]): string => texts.join(', ') || 'none';
  if (missing.length + extra.length > 0) {
    throw new InvariantViolation(
      `${what} that are missing: ${list(missing)}; that should not be there: ${list(extra)}`,
    );
  }
  if (!inOrder || expected.every((each, index) => found[index] === each)) return;
  throw new InvariantViolation(`${what} are in the order ${list(found)} in place of ${list(expected)}`);
}

/** What a list has more of than another. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const each of other) left.set(each, (left.get(each) ?? 0) + 1);
  return list.filter((each) => {
    const count = left.get(each) ?? 0;
    left.set(each, count - 1);
    return count <= 0;
  });
}
