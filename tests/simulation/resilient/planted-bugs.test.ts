/** Each bug planted in switching producers and consumers must make a seed fail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { plantedRelayBugs, plantedSwitchBugs } from './bugs.ts';

/** The rarest is found by two of a hundred. */
const seedsMax = 150;

const lists = [
  { simulation: 'switch', bugs: plantedSwitchBugs },
  { simulation: 'relay', bugs: plantedRelayBugs },
] as const;

for (const { simulation, bugs } of lists) {
  for (const bug of bugs) {
    test(`a bug planted for the ${simulation} is found: ${bug.name}`, async (context) => {
      const range = { simulation, first: bug.seed, count: seedsMax, untilFailure: true };
      const { runs, failures } = await runSeedsInWorker(range, bug);
      assert.equal(failures.length, 1, `${runs.length} seeds held with the bug`);
      context.diagnostic(failures[0]?.message.split('\n', 1)[0] ?? '');
    });
  }
}
