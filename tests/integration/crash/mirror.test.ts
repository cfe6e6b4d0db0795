/** MILLRACE_TEST_SCALE=10 makes 120 kills. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerProcess } from '../../support/millrace-process.ts';
import { type KillableCluster, killMirror } from './mirror-kills.ts';

const rounds = Math.max(8, Math.round(12 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

test(`a mirror survives ${rounds} kills (seed ${seed})`, { timeout: 60_000 + rounds * 10_000 }, async (t) => {
  const [source, target] = await Promise.all([startKillable(t), startKillable(t)]);
  t.diagnostic(await killMirror({ source, target, rounds, seed }));
});

test(`a mirror that copies at least once leaves nothing out through ${rounds} kills (seed ${seed})`, {
  timeout: 60_000 + rounds * 10_000,
}, async (t) => {
  const [source, target] = await Promise.all([startKillable(t), startKillable(t)]);
  t.diagnostic(await killMirror({ source, target, rounds, seed, atLeastOnce: true }));
});

async function startKillable(t: TestContext): Promise<KillableCluster> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'millrace-mirror-kill-'));
  let broker = await BrokerProcess.start({ dataDirectory });
  const { bootstrap } = broker;
  t.after(async () => {
    await broker.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  });
  return {
    bootstrap,
    async kill(random) {
      await broker.stop('SIGKILL');
      await sleep(random.integer(300));
      broker = await BrokerProcess.start({ dataDirectory, port: Number(bootstrap.split(':')[1]) });
    },
  };
}
