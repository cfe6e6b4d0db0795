/** Changes of a table that are held back, in the driver and over deaths of their task. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int64, nullable, text, topic } from '@millrace/client';
import fc from 'fast-check';
import { topology } from '../index.ts';
import { arbitrarySteps, cacheSizes, numRuns } from '../testing/properties/arbitrary-steps.ts';
import { runSteps, type Step } from '../testing/properties/task-rig.ts';

const input = topic('input', { key: text, value: nullable(int64) });
const output = topic('output', { key: text, value: nullable(int64) });
const forMs = 20;

function suppressed() {
  const job = topology('suppressed');
  job.table(input, 'rows').suppress('held', { forMs }).to(output);
  return job;
}

/** `key=value at time` of what goes on, record by record; of keys that are due at once in the order of their names. */
function plainly(steps: readonly Step[]): string[] {
  const held = new Map<string, { readonly since: number; value: unknown; time: number }>();
  const sent: string[] = [];
  let streamTime = -1;
  for (const step of steps) {
    if (step.do !== 'record') continue;
    streamTime = Math.max(streamTime, step.time);
    for (const [key, { since, value, time }] of [...held].sort(([, one], [, other]) => one.since - other.since)) {
      if (since + forMs > streamTime) continue;
      held.delete(key);
      sent.push(`${key}=${value} at ${time}`);
    }
    const before = held.get(step.key);
    held.set(step.key, { since: before?.since ?? streamTime, value: step.value, time: step.time });
  }
  return sent;
}

test('of each key the newest change goes on, so long after the first that was held back', () => {
  const steps = arbitrarySteps({ topics: ['input'], jitterMs: 15, paceMs: 12, withTombstones: true });
  fc.assert(
    fc.property(steps, cacheSizes, (given, cacheBytesMax) => {
      const outcomes = runSteps(suppressed(), given, cacheBytesMax);
      const found = outcomes.flatMap(({ outputs }) =>
        outputs.map(({ key, value, time }) => `${key}=${value} at ${time}`),
      );
      assert.deepEqual(found.sort(), plainly(given).sort());
    }),
    { numRuns },
  );
});

test('a table that is held back for no time is refused', () => {
  assert.throws(() => topology('none').table(input, 'rows').suppress('held', { forMs: 0 }), {
    code: 'invalid_topology',
  });
});
