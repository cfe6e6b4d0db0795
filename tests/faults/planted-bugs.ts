/** Bugs that the runs must find, each a small change to the client or to its use, as people make it. */
import type { PlantedBug } from '../simulation/planted/plant.ts';

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'offsets are committed beside the transaction',
    seed: 1,
    file: 'tests/faults/transformer.ts',
    find: 'transaction.sendOffsets(consumer)',
    replace: 'consumer.commit()',
  },
  {
    name: 'an abort commits',
    seed: 1,
    file: 'packages/client/src/producer/transactions.ts',
    find: 'await this.#end(false)',
    replace: 'await this.#end(true)',
  },
  {
    name: 'after an abort the consumer goes on behind the records',
    seed: 1,
    file: 'packages/client/src/consumer/group-progress.ts',
    find: "if (outcome === 'aborted') state.moveTo(state.base, -1);",
    replace: "if (outcome === 'aborted') state.moveTo(state.position, -1);",
  },
  {
    // A group of KIP-848 refuses all of these at once. A classic one takes them, and it is a member that was halted
    // beyond its session in mid-transaction that gives it away: of five even seeds, 12 found it.
    name: 'offsets are sent without the generation of the member',
    seed: 1,
    file: 'packages/client/src/consumer/group-progress.ts',
    find: 'return { group, offsets, ...committing(group, offsets, member()) };',
    replace: "return { group, offsets, generationId: -1, memberId: '' };",
  },
];
