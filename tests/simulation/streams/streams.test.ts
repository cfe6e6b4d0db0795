/**
 * A streams job under everything that may go wrong, by seeds: exactly-once output equals a batch computation. A failure
 * prints its seed; `MILLRACE_TEST_SEED=N` runs that seed alone, and `node tests/simulation/streams/main.ts N` prints
 * the events that led to it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from '../run-seeds.ts';
import { coverageLine } from '../summary.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? '1');
const only = process.env['MILLRACE_TEST_SEED'];
const seeds = Math.max(20, Math.round(60 * scale));
/** Each must have happened in a run of the default size; otherwise the seeds do not test what they are meant to. */
const mustHappen = [
  'windows',
  'late records',
  'bad windows',
  'member killed',
  'member killed while starting',
  'member closed',
  'member cut off',
  'member cut off from a broker',
  'stall of a member',
  'reply lost',
  'request lost',
  'state lost',
  'state lost in part',
  'broker stopped',
  'kill',
  'told: transaction_given_up',
  'told: task_restarted',
  'told: tasks_lost',
];

test('a job answers what a batch computation answers, whatever goes wrong', async (context) => {
  const range = only === undefined ? { first: 1000, count: seeds } : { first: Number(only), count: 1 };
  const result = await runSeedsInWorker({ simulation: 'streams', ...range });
  context.diagnostic(coverageLine(result));
  for (const { seed, message } of result.failures) context.diagnostic(`MILLRACE_TEST_SEED=${seed}: ${message}`);
  assert.deepEqual(
    result.failures.map(({ seed }) => seed),
    [],
    'seeds that failed; MILLRACE_TEST_SEED runs one again',
  );
  if (range.count < 60) return;
  for (const what of mustHappen) assert.ok((result.coverage[what] ?? 0) > 0, `no seed covered: ${what}`);
});

test('a seed of the job gives the same events every time', async () => {
  const range = { simulation: 'streams', first: 1234, count: 1 } as const;
  const [once, twice] = await Promise.all([runSeedsInWorker(range), runSeedsInWorker(range)]);
  assert.deepEqual(once.runs, twice.runs);
  assert.equal(once.runs.length, 1);
});
