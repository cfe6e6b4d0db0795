/** Very many who watch two processes of the config service, which are killed and replaced under them. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { declareShop, installation, keyDirectory, startConfigProcess } from './config-fixture.ts';
import { startDatabaseFixture } from './database-fixture.ts';
import type { WatchersTold } from './watchers-program.ts';

const programOf = (name: string): string => fileURLToPath(new URL(`./${name}-program.ts`, import.meta.url));
/** Whenever one process is down, all of them watch the other one. In full 10,000. */
const count = Math.max(100, Math.round(500 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const toldMsMax = 60_000 + 10 * count;

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function start(databaseUrl: string, keys: { readonly path: string }, port = '0'): Promise<Running> {
  const child = fork(programOf('config'), [databaseUrl, `${keys.path}/keys`, port, installation]);
  const [url] = (await once(child, 'message')) as [string];
  return { child, url };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

test(`${count} who watch are told each change, whichever process is killed meanwhile`, async (t) => {
  await using database = await startDatabaseFixture();
  await using keys = await keyDirectory();
  const databaseUrl = await database.emptyDatabase();
  const enrolment = await (async () => {
    await using first = await startConfigProcess(databaseUrl, keys);
    await declareShop(first);
    return await first.enrol('shop');
  })();
  const directory = await mkdtemp(join(tmpdir(), 'millrace-watchers-'));
  const file = join(directory, 'shop.json');
  await writeFile(file, JSON.stringify(enrolment), { mode: 0o600 });
  const running = await Promise.all([start(databaseUrl, keys), start(databaseUrl, keys)]);
  const watchers = fork(programOf('watchers'), [file, String(count), ...running.map(({ url }) => url)]);
  let linger = 100;
  /** Changes the setting through one process, and waits until all who watch have it. */
  const push = async ({ child }: Running): Promise<WatchersTold> => {
    const begunAt = performance.now();
    const told = once(watchers, 'message', { signal: AbortSignal.timeout(toldMsMax) });
    watchers.send(++linger);
    child.send(linger);
    const [what] = (await told) as [WatchersTold];
    assert.equal(what.linger, linger);
    t.diagnostic(`${count} were told after ${Math.round(performance.now() - begunAt)} ms`);
    return what;
  };
  try {
    for (const [dies, stays] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const [dying, staying] = [running[dies] ?? assert.fail(), running[stays] ?? assert.fail()];
      const { opened } = await push(staying);
      await kill(dying.child);
      const moved = await push(staying);
      assert.ok(moved.opened - opened >= count / 4, `${moved.opened - opened} have gone to the other process`);
      running[dies] = await start(databaseUrl, keys, new URL(dying.url).port);
      const { verified, problems } = await push(running[dies]);
      assert.deepEqual(problems, []);
      assert.ok(verified > 0);
    }
  } finally {
    await kill(watchers);
    for (const { child } of running) await kill(child);
    await rm(directory, { recursive: true });
  }
});
