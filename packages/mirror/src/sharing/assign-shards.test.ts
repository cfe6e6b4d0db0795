import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignShards, fairPart, type SharingWorker, worthwhilePart } from './assign-shards.ts';
import { shardWeights } from './shard-weights.ts';

const runs = { numRuns: Math.ceil(500 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

const weight = fc.oneof(
  fc.constant(0),
  fc.constant(1),
  fc.double({ min: 0, max: 100, noNaN: true }),
  fc.integer({ min: 1, max: 1_000_000 }),
);

/** Workers that may each claim anything, also what others do, and shards that are not there. */
function workersOf(shards: number): fc.Arbitrary<SharingWorker[]> {
  const worker = fc.record({
    member: fc.string({ minLength: 1, maxLength: 4 }),
    generation: fc.integer({ min: -1, max: 3 }),
    held: fc.uniqueArray(fc.nat(shards + 2), { maxLength: shards }),
  });
  return fc.uniqueArray(worker, { minLength: 1, maxLength: 6, selector: ({ member }) => member });
}

const situation = fc
  .array(weight, { maxLength: 24 })
  .chain((weights) => workersOf(weights.length).map((workers) => ({ weights, workers })));

function spread(assignment: ReadonlyMap<string, readonly number[]>, weights: readonly number[]): number[] {
  return [...assignment.values()].map((shards) => shards.reduce((sum, shard) => sum + (weights[shard] ?? 0), 0));
}

/** The workers as they are once they have got what they were assigned. */
function after(assignment: ReadonlyMap<string, readonly number[]>, generation = 9): SharingWorker[] {
  return [...assignment].map(([member, held]) => ({ member, generation, held }));
}

function newcomers(count: number): SharingWorker[] {
  return Array.from({ length: count }, (_, index) => ({ member: `w${index}`, generation: -1, held: [] }));
}

/** The smallest weight that the heaviest worker can have, by trying everything. */
function optimum(weights: readonly number[], workers: number): number {
  const shares = new Array<number>(workers).fill(0);
  let best = Number.POSITIVE_INFINITY;
  const place = (index: number): void => {
    if (Math.max(...shares) >= best) return;
    if (index === weights.length) {
      best = Math.max(...shares);
      return;
    }
    for (let worker = 0; worker < workers; worker++) {
      shares[worker] = (shares[worker] ?? 0) + (weights[index] ?? 0);
      place(index + 1);
      shares[worker] = (shares[worker] ?? 0) - (weights[index] ?? 0);
    }
  };
  place(0);
  return best;
}

test('every shard goes to exactly one worker, whatever they claim to hold', () => {
  fc.assert(
    fc.property(situation, ({ weights, workers }) => {
      const assignment = assignShards(workers, weights);
      assert.deepEqual(new Set(assignment.keys()), new Set(workers.map(({ member }) => member)));
      const given = [...assignment.values()].flat().sort((a, b) => a - b);
      assert.deepEqual(given, [...weights.keys()]);
    }),
    runs,
  );
});

test('the order of workers, and of what they hold, changes nothing', () => {
  fc.assert(
    fc.property(situation, fc.infiniteStream(fc.nat()), ({ weights, workers }, numbers) => {
      const rank = new Map(workers.map((worker) => [worker, numbers.next().value ?? 0]));
      const shuffled = [...workers]
        .sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0))
        .map((worker) => ({ ...worker, held: [...worker.held].reverse() }));
      const inOrder = (assignment: ReadonlyMap<string, readonly number[]>) =>
        [...assignment].sort(([a], [b]) => (a < b ? -1 : 1));
      assert.deepEqual(inOrder(assignShards(shuffled, weights)), inOrder(assignShards(workers, weights)));
    }),
    runs,
  );
});

test('a first assignment is as even as greedy assignment promises: 4/3 - 1/(3m) of the best there is', () => {
  const few = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(few, fc.integer({ min: 1, max: 3 }), (weights, count) => {
      const heaviest = Math.max(...spread(assignShards(newcomers(count), weights), weights));
      assert.ok(heaviest <= optimum(weights, count) * (4 / 3 - 1 / (3 * count)) + 1e-9);
    }),
    runs,
  );
});

test('whatever was before, the spread is fair, or no single move would help', () => {
  fc.assert(
    fc.property(situation, ({ weights, workers }) => {
      const assignment = assignShards(workers, weights);
      const mean = weights.reduce((sum, each) => sum + each, 0) / workers.length;
      const loads = spread(assignment, weights);
      const lightest = Math.min(...loads);
      for (const [index, shards] of [...assignment.values()].entries()) {
        const gap = (loads[index] ?? 0) - lightest;
        if (gap <= fairPart * mean * (1 + 1e-9)) continue;
        for (const shard of shards) {
          const moved = weights[shard] ?? 0;
          assert.ok(Math.min(moved, gap - moved) <= worthwhilePart * mean * (1 + 1e-9) + 1e-9);
        }
      }
    }),
    runs,
  );
});

test('an assignment that is in place stays as it is', () => {
  fc.assert(
    fc.property(situation, ({ weights, workers }) => {
      const assignment = assignShards(workers, weights);
      assert.deepEqual(assignShards(after(assignment), weights), assignment);
    }),
    runs,
  );
});

test('a worker more takes its share, and the others keep the rest, or little of it moves between them', () => {
  fc.assert(
    fc.property(situation, ({ weights, workers }) => {
      const before = after(assignShards(workers, weights));
      const newcomer = { member: 'a worker more', generation: -1, held: [] };
      const assignment = assignShards([...before, newcomer], weights);
      const mean = weights.reduce((sum, each) => sum + each, 0) / (before.length + 1);
      const movedWeights = [...assignment].flatMap(([member, shards]) => {
        const held = before.find((worker) => worker.member === member)?.held ?? [];
        return shards.filter((shard) => !held.includes(shard)).map((shard) => weights[shard] ?? 0);
      });
      const moved = movedWeights.reduce((sum, each) => sum + each, 0);
      assert.ok(moved <= 2 * mean + Math.max(0, ...movedWeights) + 1e-6, `${moved} moved where the mean is ${mean}`);
      // Of shards that weigh the same only the newcomer's share moves.
      const took = assignment.get(newcomer.member) ?? [];
      if (weights.every((each) => each === weights[0])) assert.equal(took.length, movedWeights.length);
    }),
    runs,
  );
});

test('shards of a worker that is gone go to the others, whose own stay where they are', () => {
  const weights = new Array(12).fill(10);
  const before = after(assignShards(newcomers(4), weights));
  const [gone, ...others] = before as [SharingWorker, ...SharingWorker[]];
  const assignment = assignShards(others, weights);
  for (const { member, held } of others) {
    assert.equal(assignment.get(member)?.length, 4);
    assert.deepEqual(
      assignment.get(member)?.filter((shard) => !gone.held.includes(shard)),
      held,
    );
  }
});

test('of two that hold the same shard the later generation keeps it', () => {
  const late = { member: 'late', generation: 7, held: [0, 1] };
  const early = { member: 'early', generation: 6, held: [0, 1, 2, 3] };
  const assignment = assignShards([early, late], [1, 1, 1, 1]);
  assert.deepEqual(Object.fromEntries(assignment), { early: [2, 3], late: [0, 1] });
});

test('a heavy shard has a worker of its own when the light ones fit beside it', () => {
  const weights = [100, 20, 20, 20, 20, 20];
  const assignment = assignShards(newcomers(2), weights);
  assert.deepEqual([...assignment.values()], [[0], [1, 2, 3, 4, 5]]);
});

test('weights are the loads; what is not measured counts as the mean, and partitions decide without any', () => {
  assert.deepEqual(shardWeights([1, 1, 0], new Map()), [0.05, 0.05, 0]);
  const weights = shardWeights(
    [1, 3, 2, 0],
    new Map([
      [0, 100],
      [1, 500],
    ]),
  );
  assert.deepEqual(weights, [100 + 7.5, 500 + 22.5, 300 + 15, 0]);
  assert.deepEqual(
    shardWeights(
      [1, 2, 1],
      new Map([
        [0, 0],
        [1, 0],
      ]),
    ),
    [0.05, 0.1, 0.05],
  );
});
