/**
 * Sessions are the same however their events come: `both-ways.ts` says how, and what is killed meanwhile.
 *
 * MILLRACE_TEST_SCALE=5 makes 20 kills.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { bothWays } from './both-ways.ts';
import { sampleBothWays } from './sample-both-ways.ts';

const kills = Math.max(2, Math.round(4 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const realLog = resolve(import.meta.dirname, '../../../../shared/data/tracking/access_logs/apache_access_combined.log');

test(`sessions of a made-up log are those of an oracle, imported and live, after kills (seed ${seed})`, (t) =>
  sampleBothWays(t, { kills, seed }));

const skip = existsSync(realLog) ? false : 'the log is not beside the repository (../shared/data/tracking/access_logs)';

test('sessions of 10,000 real requests are the same, imported and live, after kills', { skip }, async (t) => {
  const sessions = await bothWays(t, { file: realLog, kills, seed });
  assert.ok(sessions.length > 1_000);
});
