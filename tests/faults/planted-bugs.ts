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
    name: 'offsets go to a transaction in the name of nobody',
    seed: 1,
    file: 'packages/client/src/producer/transaction-offsets.ts',
    find: 'const current = source.read();',
    replace: "const current = { ...source.read(), memberId: '', generationId: -1, instanceId: null };",
  },
];
