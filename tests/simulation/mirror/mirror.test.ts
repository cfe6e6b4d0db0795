/**
 * A mirror between two clusters under everything that may go wrong, by seeds. A failure prints its seed;
 * `MILLRACE_TEST_SEED=N` runs that seed alone, and `node tests/simulation/mirror/main.ts N` prints the events that led
 * to it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { coverageLine } from '../summary.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? '1');
const only = process.env['MILLRACE_TEST_SEED'];
const seeds = Math.max(8, Math.round(30 * scale));
/** Each must have happened in a run of the default size; otherwise the seeds do not test what they are meant to. */
const mustHappen = [
  'records copied',
  'records copied again, with at least once',
  'offsets of groups checked',
  'partitions added',
  'worker killed',
  'worker killed while starting',
  'worker closed',
  'worker cut off',
  'worker cut off from a broker',
  'stall of a worker',
  'broker stopped',
  'reset with bytes under way',
  'truncations told',
  'losses told',
  'told: source_connections',
  'source: kill',
  'target: kill',
];

test('a mirror copies each committed record once and in order, and groups go on with the next', async (context) => {
  const range = only === undefined ? { first: 1000, count: seeds } : { first: Number(only), count: 1 };
  const result = await runSeedsInWorker({ simulation: 'mirror', ...range });
  context.diagnostic(coverageLine(result));
  for (const { seed, message } of result.failures) context.diagnostic(`MILLRACE_TEST_SEED=${seed}: ${message}`);
  assert.deepEqual(
    result.failures.map(({ seed }) => seed),
    [],
    'seeds that failed; MILLRACE_TEST_SEED runs one again',
  );
  if (range.count < 30) return;
  for (const what of mustHappen) assert.ok((result.coverage[what] ?? 0) > 0, `no seed covered: ${what}`);
});

test('a seed of the mirror gives the same events every time', async () => {
  // In the second large batches are compressed.
  for (const first of [1234, 61_753]) {
    const range = { simulation: 'mirror', first, count: 1 } as const;
    const [once, twice] = await Promise.all([runSeedsInWorker(range), runSeedsInWorker(range)]);
    assert.deepEqual(once.runs, twice.runs);
    assert.equal(once.runs.length, 1);
  }
});
