/** A job on the embedded broker through kill -9, and leaders that move. MILLRACE_TEST_SCALE=5 makes 40 kills. */
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFixture } from '../client/client-fixture.ts';
import { killJob } from './job-kills.ts';

const kills = Math.max(3, Math.round(8 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const brokers = 3;

test(`counts and windows are exact after ${kills} kills of the job's processes (seed ${seed})`, async (t) => {
  const configuration = { 'group.min.session.timeout.ms': '500' };
  const { cluster, bootstrap } = await startFixture(t, { brokers, configuration });
  await killJob(t, {
    ...{ bootstrap, kills, seed, replicationFactor: brokers },
    async troubleBroker(random) {
      const nodeId = 1 + random.integer(brokers);
      await cluster.stopBroker(nodeId);
      await sleep(random.integer(500));
      await cluster.startBroker(nodeId);
    },
  });
});
