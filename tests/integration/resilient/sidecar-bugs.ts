/** Bugs of the sidecar's move that must be found, as in `simulation/planted`. No seeds: each run finds them. */
import type { PlantedBug } from '../../simulation/planted/plant.ts';

const folder = 'packages/resilient/src/sidecar';

export const plantedSidecarBugs: readonly PlantedBug[] = [
  {
    name: 'the way to the other cluster is open before the secret is another',
    seed: 0,
    file: `${folder}/running-sidecar.ts`,
    find: "const kept = this.#kept(state.move(next.target.cluster), 'the new secret is');",
    replace: "const kept = Promise.resolve(); setTimeout(() => this.#kept(state.move(next.target.cluster), ''), 1000);",
  },
  {
    name: 'the secret stays when the topics go',
    seed: 0,
    file: `${folder}/sidecar-state.ts`,
    find: 'secret: newSecret(), before, groups: [] };',
    replace: 'secret: before, before, groups: [] };',
  },
  {
    name: 'the secret of before is good still',
    seed: 0,
    file: `${folder}/sidecar-state.ts`,
    find: 'if (isGood && username === application) return true;',
    replace: 'if ((isGood || secret === before) && username === application) return true;',
  },
];
