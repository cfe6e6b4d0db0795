/**
 * A group and transactions that go from one cluster to another and back together, under everything that may go wrong,
 * by seeds. A failure prints its seed; `MILLRACE_TEST_SEED=N` runs that seed alone, and
 * `node tests/simulation/resilient/relay-main.ts N` prints the events that led to it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { coverageLine } from '../summary.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? '1');
const only = process.env['MILLRACE_TEST_SEED'];
const seeds = Math.max(6, Math.round(24 * scale));
/** Each must have happened in a run of the default size; otherwise the seeds do not test what they are meant to. */
const mustHappen = [
  'moves',
  'moves of a group that waits',
  'changes of settings',
  'transactions',
  'transactions that failed',
  'work that failed',
  'starts of the program',
  'reset with bytes under way',
  'kill of a cluster',
  'cut off from a cluster',
];

test('each record is copied exactly once, wherever its topics and its group are', async (context) => {
  const range = only === undefined ? { first: 1, count: seeds } : { first: Number(only), count: 1 };
  const result = await runSeedsInWorker({ simulation: 'relay', ...range });
  context.diagnostic(coverageLine(result));
  for (const { seed, message } of result.failures) context.diagnostic(`MILLRACE_TEST_SEED=${seed}: ${message}`);
  assert.deepEqual(
    result.failures.map(({ seed }) => seed),
    [],
    'seeds that failed; MILLRACE_TEST_SEED runs one again',
  );
  if (range.count < 24) return;
  for (const what of mustHappen) assert.ok((result.coverage[what] ?? 0) > 0, `no seed covered: ${what}`);
});
