/**
 * A partition read by ranges over elections that lose records, by seeds; `MILLRACE_TEST_SEED=N` runs one again. How it
 * is judged is told where it is done, in `read-over-elections.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { coverageLine } from '../summary.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? '1');
const only = process.env['MILLRACE_TEST_SEED'];
const seeds = Math.max(50, Math.round(300 * scale));
/** Each must have happened; otherwise the seeds do not test what they are meant to. */
const mustHappen = ['elections that lost records', 'losses told', 'alarms that proved false', 'ranges that waited'];

test('ranges of a partition are of one log, whatever leaders answer them, or it is told', async (context) => {
  const range = only === undefined ? { first: 1000, count: seeds } : { first: Number(only), count: 1 };
  const result = await runSeedsInWorker({ simulation: 'ranges', ...range });
  context.diagnostic(coverageLine(result));
  for (const { seed, message } of result.failures) context.diagnostic(`MILLRACE_TEST_SEED=${seed}: ${message}`);
  assert.deepEqual(
    result.failures.map(({ seed }) => seed),
    [],
    'seeds that failed; MILLRACE_TEST_SEED runs one again',
  );
  if (only !== undefined) return;
  for (const what of mustHappen) assert.ok((result.coverage[what] ?? 0) > 0, `no seed covered: ${what}`);
});
