/** Whether a copy is exact: each record of the input once, in the order of its partition, and nothing else. */

/** A record as a reader of committed records finds it. */
export interface FoundRecord {
  readonly key: string;
  /** Who wrote it. */
  readonly by: string;
}

/** What is wrong with the copy of a partition, in words; empty when nothing is. */
export function problemsOf(partition: number, expected: readonly string[], found: readonly FoundRecord[]): string[] {
  const problems: string[] = [];
  const writers = new Map<string, string[]>();
  for (const { key, by } of found) writers.set(key, [...(writers.get(key) ?? []), by]);
  const known = new Set(expected);
  const missing = expected.filter((key) => !writers.has(key));
  const twice = [...writers].filter(([, by]) => by.length > 1);
  const strange = [...writers.keys()].filter((key) => !known.has(key));
  const say = (what: string, list: readonly string[]): void => {
    if (list.length === 0) return;
    problems.push(`partition ${partition}: ${list.length} ${what}: ${list.slice(0, 5).join(', ')}`);
  };
  say('missing', missing);
  say(
    'more than once',
    twice.map(([key, by]) => `${key} (by ${by.join(' and ')})`),
  );
  say('that were never written', strange);
  if (problems.length === 0 && found.some(({ key }, place) => key !== expected[place])) {
    const place = found.findIndex(({ key }, index) => key !== expected[index]);
    problems.push(`partition ${partition}: ${found[place]?.key} stands where ${expected[place]} should`);
  }
  return problems;
}
