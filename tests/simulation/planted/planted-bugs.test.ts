/** The simulation is only worth what it finds: each planted bug must make a seed fail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { plantedBugs } from './bugs.ts';

/** The rarest needs about a fifth of them. */
const seedsMax = 200;

for (const bug of plantedBugs) {
  test(`a planted bug is found: ${bug.name}`, async (context) => {
    const { runs, failures } = await runSeedsInWorker({ first: 1000, count: seedsMax, untilFailure: true }, bug);
    assert.equal(failures.length, 1, `${runs.length} seeds held with the bug`);
    context.diagnostic(failures[0]?.message.split('\n', 1)[0] ?? '');
  });
}
