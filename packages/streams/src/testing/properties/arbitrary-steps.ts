/** Random steps of a task: records of few keys at near times, out of order, with commits and deaths between them. */
import fc from 'fast-check';
import type { Step } from './task-rig.ts';

/** So many runs of each property. */
export const numRuns = Math.max(20, Math.ceil(300 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));

export interface StepOptions {
  /** Names of the topics that records are of. */
  readonly topics: readonly string[];
  /** How far a record's time may be from where time is about then. */
  readonly jitterMs: number;
  /** How far time moves from record to record at most. */
  readonly paceMs: number;
  /** Whether some values are null. */
  readonly withTombstones?: boolean | undefined;
}

/** Caches from none at all to more than is needed. */
export const cacheSizes: fc.Arbitrary<number> = fc.constantFrom(0, 1000, Number.POSITIVE_INFINITY);

/** Values are numbers, each its own, by which they can be told apart. */
export function arbitrarySteps(options: StepOptions): fc.Arbitrary<Step[]> {
  const { topics, jitterMs, paceMs, withTombstones = false } = options;
  const record = fc.record({
    topic: fc.constantFrom(...topics),
    key: fc.constantFrom('a', 'b', 'c'),
    moveMs: fc.nat(paceMs),
    behindMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(jitterMs) }),
    isTombstone: withTombstones ? fc.nat(3).map((each) => each === 0) : fc.constant(false),
  });
  const plans = fc.array(
    fc.oneof(
      { weight: 12, arbitrary: record.map((each) => ({ do: 'record' as const, ...each })) },
      { weight: 2, arbitrary: fc.nat(4).map((writtenAfter) => ({ do: 'commit' as const, writtenAfter })) },
      { weight: 1, arbitrary: fc.constant({ do: 'die' as const }) },
    ),
    { maxLength: 60, size: 'max' },
  );
  return plans.map((each) => {
    let time = 0;
    return each.map((plan, index): Step => {
      if (plan.do !== 'record') return plan;
      time += plan.moveMs;
      const value = plan.isTombstone ? null : index;
      return { do: 'record', topic: plan.topic, key: plan.key, value, time: Math.max(0, time - plan.behindMs) };
    });
  });
}
