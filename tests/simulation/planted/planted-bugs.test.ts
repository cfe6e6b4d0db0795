/** The simulation is only worth what it finds: each planted bug must make a seed fail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { plantedBugs } from './bugs.ts';

/** The rarest is found by two of a hundred. */
const seedsMax = 150;

for (const bug of plantedBugs) {
  test(`a planted bug is found: ${bug.name}`, async (context) => {
    const { runs, failures } = await runSeedsInWorker({ first: bug.seed, count: seedsMax, untilFailure: true }, bug);
    assert.equal(failures.length, 1, `${runs.length} seeds held with the bug`);
    context.diagnostic(failures[0]?.message.split('\n', 1)[0] ?? '');
  });
}
