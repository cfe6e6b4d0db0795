/**
 * `up`, `status` and `broker` as processes: start, second start, stop, and everything that can be wrong with where they
 * run.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { millrace, Server } from '../../support/millrace-command.ts';
import { passableDirectory } from '../../support/passable-directory.ts';

const root = await passableDirectory('millrace-up-test-');
after(() => rm(root, { recursive: true, force: true }));

test('serves, says where, tells a second one, and stops cleanly on SIGTERM', async () => {
  await using up = await Server.start('up');
  const { ready, directory } = up;
  assert.deepEqual(
    ready.clusters.map(({ name, brokers }) => [name, brokers.length]),
    [
      ['east', 3],
      ['west', 3],
    ],
  );
  assert.equal((await fetch(`${ready.url}/healthz`)).status, 200);
  assert.equal((await stat(join(directory, 'run.json'))).mode & 0o777, 0o600);

  const second = await up.run(['up', '--port', '0']);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /is in use by `millrace up` \(process \d+\) at http:\/\/127\.0\.0\.1:\d+/);
  assert.ok(second.stderr.includes(`(process ${ready.pid}) at ${ready.url}`), second.stderr);

  const status = await up.run(['status', '--json']);
  const { pid, clusters } = JSON.parse(status.text) as { pid: number; clusters: { problem: string | null }[] };
  assert.equal(pid, ready.pid);
  assert.deepEqual(
    clusters.map(({ problem }) => problem),
    [null, null],
  );

  const stopped = await up.stop('SIGTERM');
  assert.equal(stopped.code, 0);
  const kept = ['clusters', 'keys', 'logs', 'metrics', 'millrace.json', 'postgres', 'token', 'tracking'];
  assert.deepEqual((await readdir(directory)).sort(), kept);
});

test('keeps topics and cluster ids over Ctrl-C and kill -9', async () => {
  const directory = join(root, 'kept');
  const ids: string[] = [];
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGKILL', null],
    ['SIGTERM', 0],
  ] as const) {
    await using broker = await Server.start('broker', { directory });
    ids.push(broker.ready.clusters[0]?.clusterId ?? '');
    const topic = `topic-${ids.length}`;
    assert.equal((await broker.run(['topic', 'create', topic])).code, 0);
    const { text } = await broker.run(['topic', 'list', '--json']);
    const { topics } = JSON.parse(text) as { topics: { topic: string }[] };
    assert.deepEqual(
      topics.map((each) => each.topic),
      ['topic-1', 'topic-2', 'topic-3'].slice(0, ids.length),
    );
    assert.equal((await broker.stop(signal)).code, code);
  }
  assert.equal(new Set(ids).size, 1);
});

test('refuses a directory that is not fit, in one sentence, and leaves it as it is', async () => {
  const foreign = join(root, 'foreign');
  await mkdir(foreign);
  await writeFile(join(foreign, 'photo.jpg'), '');
  const newer = join(root, 'newer');
  await mkdir(newer);
  await writeFile(join(newer, 'millrace.json'), '{"format":"millrace-data","version":99}');
  const file = join(root, 'file');
  await writeFile(file, '');
  for (const [directory, code, message] of [
    [foreign, 'data_directory_foreign', /is no Millrace data directory: it holds other files \(photo\.jpg\); choose/],
    [newer, 'data_directory_newer', /was written by a newer Millrace .* update Millrace/],
    [file, 'data_directory_unreadable', /it is a file; choose another path/],
  ] as const) {
    const outcome = await millrace(['up', '--port', '0', '--data-dir', directory, '--json']);
    assert.equal(outcome.code, 1);
    const { error } = JSON.parse(outcome.stderr) as { error: { code: string; message: string } };
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.ok(error.message.includes(directory));
  }
  assert.deepEqual(await readdir(foreign), ['photo.jpg']);
});

test('refuses a directory that it may not write', async () => {
  const directory = join(root, 'locked-away');
  await mkdir(directory);
  await chmod(root, 0o755);
  await chmod(directory, 0o500);
  // Root may write everywhere, so the command runs as nobody there.
  const uid = process.getuid?.() === 0 ? 65_534 : undefined;
  const { code, stderr } = await millrace(['broker', '--port', '0', '--data-dir', directory], { uid });
  assert.equal(code, 1);
  assert.match(stderr, /cannot use .*locked-away as data directory: no permission; check the owner and mode/);
});

test('names a port that is in use, and leaves nothing behind', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as { port: number };
  const directory = join(root, 'port');
  try {
    for (const command of ['broker', 'up']) {
      const { code, stderr } = await millrace([command, '--port', `${port}`, '--data-dir', directory]);
      assert.equal(code, 1);
      assert.match(stderr, /port \d+ on 127\.0\.0\.1 is already in use .*\n.*--port 0/);
      // `up` may find one of its clusters' fixed ports in use first.
      if (command === 'broker') assert.ok(stderr.includes(`port ${port} on`), stderr);
    }
  } finally {
    blocker.close();
  }
  assert.ok(!(await readdir(directory)).some((name) => name.startsWith('lock') || name === 'run.json'));
  await using broker = await Server.start('broker', { directory });
  assert.ok(broker.ready.ready);
});

test('opens to the network only with authentication, which there is none of', async () => {
  const { code, stderr } = await millrace(['up', '--listen', '0.0.0.0', '--data-dir', join(root, 'never')]);
  assert.equal(code, 2);
  assert.match(stderr, /--listen 0\.0\.0\.0 would open the platform to the network/);
});

test('names a broker configuration that there is not', async () => {
  const words = ['broker', '--port', '0', '--data-dir', join(root, 'configuration'), '--config', 'num.partitons=3'];
  const { code, stderr } = await millrace(words);
  assert.equal(code, 1);
  assert.match(stderr, /num\.partitons/);
});
