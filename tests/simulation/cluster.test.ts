/**
 * A cluster of three brokers under everything that may go wrong, by seeds. A failure prints its seed;
 * `MILLRACE_TEST_SEED=N` runs that seed alone, and `node tests/simulation/main.ts N` prints the events that led to it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeedsInWorker } from './run-seeds.ts';
import { coverageLine } from './summary.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? '1');
const only = process.env['MILLRACE_TEST_SEED'];
const seeds = Math.max(20, Math.round(80 * scale));
/** Each must have happened in a run of the default size; otherwise the seeds do not test what they are meant to. */
const mustHappen = [
  'members of our client that joined',
  'records acknowledged to our client',
  'records handled by our client',
  'kill',
  'kill in a write',
  'kill while starting',
  'clean restart',
  'power loss',
  'reset with bytes under way',
  'partition',
  'stall',
  'start failed',
  'writes refused for want of space',
  'reads failed',
  'syncs failed',
  'batches sent again',
  'records acknowledged',
  'offset commits',
  'records deleted by clients',
  'topics changed',
  'partitions whose start moved',
  'broker stopped',
  'transactions committed',
  'transactions aborted',
  'transactions unknown',
  'transactions that took too long',
  'zombies refused',
  'generations of classic groups',
  'commits of ended generations refused',
  'members of consumer groups that joined',
];

test('what is acknowledged holds through crashes, lost power, failing disks and networks', async (context) => {
  const range = only === undefined ? { first: 1000, count: seeds } : { first: Number(only), count: 1 };
  const result = await runSeedsInWorker(range);
  context.diagnostic(coverageLine(result));
  for (const { seed, message } of result.failures) context.diagnostic(`MILLRACE_TEST_SEED=${seed}: ${message}`);
  assert.deepEqual(
    result.failures.map(({ seed }) => seed),
    [],
    'seeds that failed; MILLRACE_TEST_SEED runs one again',
  );
  for (const { seed, records, clients, faults } of result.runs) {
    assert.ok(records >= 1000 && clients >= 3 && faults >= 10, `seed ${seed}: ${records}, ${clients}, ${faults}`);
  }
  if (range.count < 80) return;
  for (const what of mustHappen) assert.ok((result.coverage[what] ?? 0) > 0, `no seed covered: ${what}`);
});

test('a seed gives the same events every time', async () => {
  const range = { first: 1234, count: 6 };
  const [once, twice] = await Promise.all([runSeedsInWorker(range), runSeedsInWorker(range)]);
  assert.deepEqual(once.runs, twice.runs);
  assert.equal(new Set(once.runs.map(({ hash }) => hash)).size, 6, 'different seeds give different events');
});
