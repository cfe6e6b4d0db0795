/** The collector of logs through kills. MILLRACE_TEST_SCALE=5 makes 40 of them. */
import { test } from 'node:test';
import { collectorThroughKills } from './collector-through-kills.ts';

const kills = Math.max(3, Math.round(8 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

test(`each line is stored once while the collector is killed ${kills} times (seed ${seed})`, (t) =>
  collectorThroughKills(t, { kills, seed }));
