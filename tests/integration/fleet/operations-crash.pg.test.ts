/** Processes of the control plane that die, or stand still, in the middle of an operation. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nodePlatform } from '@millrace/base';
import { openOperations } from '@millrace/fleet/operations';
import { eventually } from '../../support/eventually.ts';
import { admin, openTestControl } from './control-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { effects, makeEffectTable, rehearsal } from './rehearsal.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture();
});
after(() => fixture[Symbol.asyncDispose]());

const asked = { principal: admin, why: 'a rehearsal' };
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** Another process of the control plane, whose steps say when they begin. */
class Peer {
  readonly child: ReturnType<typeof spawn>;
  readonly said: string[] = [];

  constructor(url: string, holder: string) {
    const program = fileURLToPath(new URL('control-program.ts', import.meta.url));
    this.child = spawn(process.execPath, [program, url, holder], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout?.on('data', (chunk: Buffer) => this.said.push(...chunk.toString().trim().split('\n')));
  }

  async says(line: string): Promise<void> {
    await eventually(() => this.said.includes(line), { timeoutMs: 60_000, describe: () => `it never said ${line}` });
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

/** Two processes, the first of which has begun with `step 2` of an operation of six, and somebody who watches. */
async function startPeers() {
  const url = await fixture.emptyDatabase();
  const watcher = await openTestControl(url);
  await makeEffectTable(watcher.database);
  // Plans and applies, and does nothing itself.
  const { feed } = watcher.control;
  const common = { db: watcher.database.db, platform: nodePlatform, feed, holder: 'watcher', report: assert.fail };
  const operations = openOperations(common);
  operations.register(rehearsal(watcher.database, { holder: 'watcher' }).planKinds ?? []);
  const one = new Peer(url, 'one');
  await one.says('ready');
  const { id } = await operations.start('rehearsal', { steps: 6 }, asked);
  await one.says('begun step 2');
  const two = new Peer(url, 'two');
  await two.says('ready');
  return {
    ...{ watcher, operations, one, two, id },
    async [Symbol.asyncDispose]() {
      await Promise.all([one.kill(), two.kill()]);
      await watcher[Symbol.asyncDispose]();
    },
  };
}

const begunAndDone = (all: Awaited<ReturnType<typeof effects>>): string[] => {
  return all.map(({ step, holder, what }) => `${holder} ${what} ${step}`);
};
const goneOn = [
  'one begun step 0',
  'one done step 0',
  'one begun step 1',
  'one done step 1',
  'one begun step 2',
].concat([2, 3, 4, 5].flatMap((step) => [`two begun step ${step}`, `two done step ${step}`]));

test('kill -9 in the middle of an operation: another process finishes it, and nothing is done twice', async (t) => {
  await using peers = await startPeers();
  const { operations, one, two, id, watcher } = peers;
  await one.kill();
  const killedAt = performance.now();
  await two.says('begun step 2');
  t.diagnostic(`taken over within ${Math.round(performance.now() - killedAt)} ms`);
  assert.equal((await operations.ended(id, soon())).state, 'done');
  assert.deepEqual(begunAndDone(await effects(watcher.database)), goneOn);
  const { events, steps } = await operations.get(id);
  assert.equal(events.filter(({ what }) => what === 'taken_over').length, 1);
  assert.deepEqual(
    steps.map(({ attempts }) => attempts),
    [1, 1, 2, 1, 1, 1],
  );
});

test('a process that stood still while another finished its operation writes nothing when it goes on', async () => {
  await using peers = await startPeers();
  const { operations, one, id, watcher } = peers;
  one.child.kill('SIGSTOP');
  assert.equal((await operations.ended(id, soon())).state, 'done');
  one.child.kill('SIGCONT');
  one.child.stdin?.write('go on\n');
  await one.says('refused step 2: lease_lost');
  assert.deepEqual(begunAndDone(await effects(watcher.database)), goneOn);
  const { progress, events } = await operations.get(id);
  assert.deepEqual(progress, { done: 6, total: 6 });
  assert.equal(events.filter(({ what }) => what === 'step_done').length, 6);
});
