import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { mirrorTakes } from '../capacity/fleet-topics.ts';
import { chosenNames } from './chosen-names.ts';

const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), minLength: 1, maxLength: 8 });
const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 10 });

/** As the mirror reads it: a pattern must match the whole name. */
function takes(chosen: readonly (string | RegExp)[], topic: string): boolean {
  return chosen.some((each) =>
    typeof each === 'string' ? each === topic : new RegExp(`^(?:${each.source})$`, each.flags).test(topic),
  );
}

test('a mirror takes the topics that its declaration means', () => {
  fc.assert(
    fc.property(
      fc.array(pattern, { maxLength: 3 }),
      fc.array(pattern, { maxLength: 3 }),
      name,
      (topics, exclude, topic) => {
        assert.equal(takes(chosenNames(topics, exclude), topic), mirrorTakes({ topics, exclude }, topic));
      },
    ),
    { numRuns: 2_000 },
  );
});

test('names stay names, as own topics of Kafka and Millrace are taken by name alone', () => {
  assert.deepEqual(chosenNames(['millrace.schemas', 'orders'], ['orders']), ['millrace.schemas']);
});

test('no name makes a pattern slow', () => {
  const [chosen] = chosenNames([`${'*a'.repeat(60)}*b`]);
  assert.equal(takes(chosen === undefined ? [] : [chosen], 'a'.repeat(249)), false);
});
