/**
 * A producer that goes from one cluster to another and back under everything that may go wrong, by seeds. A failure
 * prints its seed; `MILLRACE_TEST_SEED=N` runs that seed alone, and `node tests/simulation/resilient/main.ts N` prints
 * the events that led to it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { coverageLine } from '../summary.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? '1');
const only = process.env['MILLRACE_TEST_SEED'];
const seeds = Math.max(8, Math.round(40 * scale));
/** Each must have happened in a run of the default size; otherwise the seeds do not test what they are meant to. */
const mustHappen = [
  'moves',
  'changes of settings',
  'forced moves',
  'writes held',
  'writes that had to wait',
  'records ambiguous',
  'reset with bytes under way',
  'kill of a cluster',
  'cut off from a cluster',
];

test('no record goes to two clusters, and the order per key is kept', async (context) => {
  const range = only === undefined ? { first: 1, count: seeds } : { first: Number(only), count: 1 };
  const result = await runSeedsInWorker({ simulation: 'switch', ...range });
  context.diagnostic(coverageLine(result));
  for (const { seed, message } of result.failures) context.diagnostic(`MILLRACE_TEST_SEED=${seed}: ${message}`);
  assert.deepEqual(
    result.failures.map(({ seed }) => seed),
    [],
    'seeds that failed; MILLRACE_TEST_SEED runs one again',
  );
  if (range.count < 40) return;
  for (const what of mustHappen) assert.ok((result.coverage[what] ?? 0) > 0, `no seed covered: ${what}`);
});
