/**
 * The broker as a process, fuzzed over sockets. `MILLRACE_TEST_SEED` and `MILLRACE_TEST_SCALE` as in
 * `decoders.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzLive } from './live-broker.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? 1);

test('a broker that is sent anything serves the client beside, with bounded memory and no defect', async (context) => {
  const { inputs, answered, bystanderRecords, rssBefore, rssAfter } = await fuzzLive({ seed, inputs: 2000 * scale });
  context.diagnostic(
    `seed ${seed}: ${inputs} inputs, ${answered} answered, ${bystanderRecords} records of the client beside, ` +
      `memory ${Math.round(rssBefore / 2 ** 20)} to ${Math.round(rssAfter / 2 ** 20)} MiB`,
  );
  assert.ok(answered > 0 && bystanderRecords > 0);
});
