import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PlannedStep } from './plan-kind.ts';
import { ordered, StepOrder } from './step-order.ts';

const step = (id: string, after?: readonly string[]): PlannedStep => {
  return { id, title: id, destructive: false, input: null, ...(after && { after }) };
};

test('a step comes after the one before it, unless it says what it comes after', () => {
  const steps = ordered([step('a'), step('b'), step('c', ['a']), step('d', [])]);
  assert.deepEqual(
    steps.map(({ after }) => after),
    [[], ['a'], ['a'], []],
  );
  assert.throws(() => ordered([step('a'), step('a')]), /a is planned twice/);
  assert.throws(() => ordered([step('a', ['b']), step('b')]), /a comes after b, which is not before it/);
});

/** Steps that come after any of the earlier ones, and which of them are done already. */
const plans = fc.array(fc.tuple(fc.array(fc.nat(), { maxLength: 3 }), fc.boolean()), { maxLength: 30 }).map((drawn) =>
  drawn.map(([after, isDone], index) => {
    const earlier = index === 0 ? [] : [...new Set(after.map((each) => String(each % index)))];
    return { id: String(index), after: earlier, isDone };
  }),
);

test('each step is begun once, after all that it comes after, however many are under way', () => {
  fc.assert(
    fc.property(plans, fc.infiniteStream(fc.nat()), (steps, choices) => {
      const order = new StepOrder(steps);
      const done = new Set(steps.filter(({ isDone }) => isDone).map(({ id }) => id));
      const begun = new Set<string>();
      const underWay: string[] = [];
      while (!order.isDone) {
        for (let id = order.next(); id !== undefined; id = order.next()) {
          assert.ok(!begun.has(id) && !done.has(id));
          assert.ok(steps[Number(id)]?.after.every((other) => done.has(other)));
          begun.add(id);
          underWay.push(id);
        }
        assert.ok(underWay.length > 0);
        const [ended = ''] = underWay.splice((choices.next().value as number) % underWay.length, 1);
        done.add(ended);
        order.done(ended);
      }
      assert.equal(done.size, steps.length);
    }),
  );
});
