/** Bugs of switching producers and consumers that their seeds must find, as in `planted/bugs.ts`. */
import type { PlantedBug } from '../planted/plant.ts';

const producer = 'packages/resilient/src/producer';
const consumer = 'packages/resilient/src/consumer';

export const plantedSwitchBugs: readonly PlantedBug[] = [
  {
    name: 'the new side begins before the old one has finished',
    seed: 1000,
    file: `${producer}/producer-switch.ts`,
    find: 'const isFenced = await this.#drain(old, given);',
    replace: 'const isFenced = false;',
  },
  {
    name: 'new records overtake those that were held',
    seed: 1011,
    file: `${producer}/producer-switch.ts`,
    find: '    do await held.drainTo((record) => this.#release(next, record));\n',
    replace: '    this.#held = undefined;\n    do await held.drainTo((record) => this.#release(next, record));\n',
  },
  {
    name: 'what a side that is given up had sent is told to be unsent',
    seed: 1000,
    file: `${producer}/producer-side.ts`,
    find: 'new AmbiguousDeliveryError(error, ',
    replace: 'new AmbiguousDeliveryError(Object.assign(error, { maybeStored: false }), ',
  },
];

export const plantedRelayBugs: readonly PlantedBug[] = [
  {
    name: 'a group goes to another cluster before its offsets are there',
    seed: 1000,
    file: `${consumer}/switching-consumer.ts`,
    find: 'if (isTranslated(cluster)) return agrees(cluster);',
    replace: 'if (isTranslated !== undefined) return true;',
  },
  {
    name: 'a member that is started anew begins wherever its topic is',
    seed: 1000,
    file: `${consumer}/group-translation.ts`,
    find: '() => this.#mayRead(home),',
    replace: '() => true,',
  },
  {
    name: 'what became of a transaction is not told to the consumer below',
    seed: 1000,
    file: `${consumer}/switching-consumer.ts`,
    find: 'this.#side.consumer.offsetsSettled(offsets, outcome);',
    replace: '',
  },
];
