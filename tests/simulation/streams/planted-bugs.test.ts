/** Each bug planted in the runtime must make a seed fail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { plantedJoinBugs, plantedStreamsBugs } from './bugs.ts';

/** The rarest is found by two of a hundred. */
const seedsMax = 150;

const bugs = [
  ...plantedStreamsBugs.map((bug) => ({ simulation: 'streams' as const, bug })),
  ...plantedJoinBugs.map((bug) => ({ simulation: 'joins' as const, bug })),
];

for (const { simulation, bug } of bugs) {
  test(`a bug planted in the streams runtime is found: ${bug.name}`, async (context) => {
    const range = { simulation, first: bug.seed, count: seedsMax, untilFailure: true } as const;
    const { runs, failures } = await runSeedsInWorker(range, bug);
    assert.equal(failures.length, 1, `${runs.length} seeds held with the bug`);
    const [failure] = failures;
    context.diagnostic(`seed ${failure?.seed}: ${failure?.message.split('\n', 1)[0]?.slice(0, 300)}`);
  });
}
