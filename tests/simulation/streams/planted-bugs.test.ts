/** Each bug planted in the runtime must make a seed fail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { plantedStreamsBugs } from './bugs.ts';

/** The rarest is found by two of a hundred. */
const seedsMax = 150;

for (const bug of plantedStreamsBugs) {
  test(`a bug planted in the streams runtime is found: ${bug.name}`, async (context) => {
    const range = { simulation: 'streams', first: bug.seed, count: seedsMax, untilFailure: true } as const;
    const { runs, failures } = await runSeedsInWorker(range, bug);
    assert.equal(failures.length, 1, `${runs.length} seeds held with the bug`);
    context.diagnostic(failures[0]?.message.split('\n', 1)[0] ?? '');
  });
}
