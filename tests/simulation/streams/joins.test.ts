/**
 * A job that joins two topics in every way, under everything that may go wrong, by seeds: what comes out equals what
 * lists of all records come to, and what makes a function throw is set
 * aside once. `MILLRACE_TEST_SEED=N` runs a seed alone, and
 * `node tests/simulation/streams/joins-main.ts N` prints the events that led to its failure.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { coverageLine } from '../summary.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? '1');
const only = process.env['MILLRACE_TEST_SEED'];
const seeds = Math.max(10, Math.round(20 * scale));
/** Each must have happened in a run of the default size; otherwise the seeds do not test what they are meant to. */
const mustHappen = [
  'pairs',
  'unmet records',
  'late records',
  'rows that are gone',
  'bad records',
  'bad results',
  'member killed',
  'state lost',
];

test('joins of every kind answer what lists of all records come to, whatever goes wrong', async (context) => {
  const range = only === undefined ? { first: 1000, count: seeds } : { first: Number(only), count: 1 };
  const result = await runSeedsInWorker({ simulation: 'joins', ...range });
  context.diagnostic(coverageLine(result));
  for (const { seed, message } of result.failures) context.diagnostic(`MILLRACE_TEST_SEED=${seed}: ${message}`);
  assert.deepEqual(
    result.failures.map(({ seed }) => seed),
    [],
    'seeds that failed; MILLRACE_TEST_SEED runs one again',
  );
  if (range.count < 20) return;
  for (const what of mustHappen) assert.ok((result.coverage[what] ?? 0) > 0, `no seed covered: ${what}`);
});
