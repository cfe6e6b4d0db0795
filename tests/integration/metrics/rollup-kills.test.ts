/** The aggregation is killed while counters come in, on the embedded broker. MILLRACE_TEST_SCALE=20 makes 100 kills. */
import { test } from 'node:test';
import { startFixture } from '../client/client-fixture.ts';
import { rollupThroughKills } from './rollup-through-kills.ts';

const kills = Math.max(2, Math.round(5 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

test(`counters are exact over ${kills} kills of the aggregation (seed ${seed})`, async (t) => {
  const configuration = { 'group.min.session.timeout.ms': '500' };
  const { client, admin, bootstrap } = await startFixture(t, { configuration });
  await rollupThroughKills(t, { client, admin, bootstrap, kills, seed });
});
