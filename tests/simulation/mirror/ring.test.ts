/**
 * Mirrors that lead back to where they begin, under everything that may go wrong, by seeds, as in `mirror.test.ts`;
 * `node tests/simulation/mirror/ring-main.ts N` prints the events of one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { coverageLine } from '../summary.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? '1');
const only = process.env['MILLRACE_TEST_SEED'];
const seeds = Math.max(4, Math.round(12 * scale));
/** Each must have happened in a run of the default size. */
const mustHappen = ['rings of 2', 'rings of 3', 'records that went round', 'worker killed', 'worker cut off', 'crash'];

test('in a ring of mirrors each cluster ends with every record once, in the order of each writer', async (context) => {
  const range = only === undefined ? { first: 1000, count: seeds } : { first: Number(only), count: 1 };
  const result = await runSeedsInWorker({ simulation: 'ring', ...range });
  context.diagnostic(coverageLine(result));
  for (const { seed, message } of result.failures) context.diagnostic(`MILLRACE_TEST_SEED=${seed}: ${message}`);
  assert.deepEqual(
    result.failures.map(({ seed }) => seed),
    [],
    'seeds that failed; MILLRACE_TEST_SEED runs one again',
  );
  if (range.count < 12) return;
  for (const what of mustHappen) assert.ok((result.coverage[what] ?? 0) > 0, `no seed covered: ${what}`);
});
