/** Each bug planted in the mirror must make a seed fail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { plantedMirrorBugs, plantedRangesBugs, plantedRingBugs } from './bugs.ts';

/** The rarest is found by two of a hundred. */
const seedsMax = 150;

const all = [
  ...plantedMirrorBugs.map((bug) => ({ simulation: 'mirror' as const, bug })),
  ...plantedRingBugs.map((bug) => ({ simulation: 'ring' as const, bug })),
  ...plantedRangesBugs.map((bug) => ({ simulation: 'ranges' as const, bug })),
];

for (const { simulation, bug } of all) {
  test(`a bug planted in the mirror is found: ${bug.name}`, async (context) => {
    const range = { simulation, first: bug.seed, count: seedsMax, untilFailure: true } as const;
    const { runs, failures } = await runSeedsInWorker(range, bug);
    assert.equal(failures.length, 1, `${runs.length} seeds held with the bug`);
    context.diagnostic(failures[0]?.message.split('\n', 1)[0] ?? '');
  });
}
