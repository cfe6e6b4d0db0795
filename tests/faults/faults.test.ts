/**
 * Our client on `millrace broker` under faults, by seeds: `MILLRACE_TEST_SEED=N` runs one again, and
 * `node tests/faults/main.ts FIRST COUNT embedded` as many as wanted. And that the runs find what they are to find.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryRun } from './delivery-run.ts';
import { exactlyOnceRun } from './exactly-once-run.ts';
import { plantedBugs } from './planted-bugs.ts';
import { runSeeds } from './run-seeds.ts';
import { startEmbedded } from './start-fault-cluster.ts';

const attemptsMax = 15;

test('clients on the embedded broker under faults', async (t) => {
  await using cluster = await startEmbedded();
  await t.test('a topic is copied exactly once', async (context) => {
    await runSeeds(context, cluster, exactlyOnceRun, { count: 2 });
  });
  await t.test('what is acknowledged is there and handled, once where writers are idempotent', async (context) => {
    await runSeeds(context, cluster, deliveryRun, { count: 1 });
  });
  for (const { name, seed } of plantedBugs) {
    await t.test(`a planted bug is found: ${name}`, async (context) => {
      // What clients are doing when something goes wrong differs from run to run. Odd seeds have the same protocol.
      for (let attempt = 1; attempt <= attemptsMax; attempt++) {
        const options = { bug: name, patienceMs: 5000 };
        const { problems } = await exactlyOnceRun(cluster, seed + 2 * (attempt - 1), options);
        context.diagnostic(`attempt ${attempt}: ${problems[0] ?? 'nobody noticed'}`);
        if (problems.length > 0) return;
      }
      assert.fail(`${attemptsMax} seeds from ${seed} on do not find it`);
    });
  }
});
