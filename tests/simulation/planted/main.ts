/**
 * `node tests/simulation/planted/main.ts [COUNT [NAME]]`: plants each bug whose name contains NAME, runs COUNT seeds
 * (default 100) with it, and prints how many found it and what the first of them said.
 */
import { plantedMirrorBugs, plantedRangesBugs, plantedRingBugs } from '../mirror/bugs.ts';
import { plantedRelayBugs, plantedSwitchBugs } from '../resilient/bugs.ts';
import { runSeedsInWorker } from '../run-seeds.ts';
import { plantedBugs } from './bugs.ts';

const [count = '100', name = ''] = process.argv.slice(2);
const lists = [
  { simulation: 'cluster', bugs: plantedBugs },
  { simulation: 'mirror', bugs: plantedMirrorBugs },
  { simulation: 'ring', bugs: plantedRingBugs },
  { simulation: 'ranges', bugs: plantedRangesBugs },
  { simulation: 'switch', bugs: plantedSwitchBugs },
  { simulation: 'relay', bugs: plantedRelayBugs },
] as const;
let missed = 0;
for (const { simulation, bugs } of lists) {
  for (const bug of bugs.filter((each) => each.name.includes(name))) {
    const { failures } = await runSeedsInWorker({ simulation, first: 1000, count: Number(count) }, bug);
    const first = failures[0];
    const said = first === undefined ? 'nobody noticed' : first.message.split('\n', 1)[0];
    process.stdout.write(`${failures.length} of ${count} seeds: ${bug.name}\n    ${said}\n`);
    if (failures.length === 0) missed += 1;
  }
}
process.exitCode = missed > 0 ? 1 : 0;
