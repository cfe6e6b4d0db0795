/** MILLRACE_TEST_SCALE=10 kills ten times as often. */
import { test } from 'node:test';
import { startFixture } from '../client/client-fixture.ts';
import { killFailover } from './failover-kills.ts';

const kills = Math.max(1, Math.round(2 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const base = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

const ways = [
  { manner: 'planned', tail: 'keep' },
  { manner: 'forced', tail: 'merge' },
  { manner: 'forced', tail: 'rebuild' },
] as const;

for (const [index, { manner, tail }] of ways.entries()) {
  const seed = base + index;
  const name = `a ${manner} failover and the way back (${tail}) survive ${2 * kills} kills (seed ${seed})`;
  test(name, { timeout: 60_000 + kills * 20_000 }, async (t) => {
    const [source, target] = [await startFixture(t), await startFixture(t)];
    const topic = await source.createTopic(2);
    t.diagnostic(await killFailover({ source, target, topic, manner, tail, kills, seed }));
  });
}
