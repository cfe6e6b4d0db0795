/** What the simulated world itself promises, apart from who lives in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError, type Platform, type Socket, seededRandomness, sleep } from '@millrace/base';
import { SimFile } from './sim-drive.ts';
import { SimulationFailure } from './sim-loop.ts';
import { SimWorld } from './sim-world.ts';

/** Runs a world until some work in it is done. */
async function live<T>(world: SimWorld, work: () => Promise<T>): Promise<T> {
  let done = false;
  const working = work().finally(() => {
    done = true;
  });
  await Promise.all([world.loop.runUntil(() => done, 60_000, 'the work is done'), working.catch(() => undefined)]);
  return working;
}

/** Everything that arrives at a socket. */
function collect(socket: Socket): { readonly bytes: Buffer[]; readonly ended: Promise<Error | undefined> } {
  const bytes: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  socket.handle({ data: (chunk) => void bytes.push(Buffer.from(chunk)), drained: () => undefined, closed: resolve });
  return { bytes, ended: promise };
}

async function connect(platform: Platform): Promise<Socket> {
  return platform.network.connect({ host: 'server', port: 1, timeoutMs: 1000 });
}

test('time passes only by what is waited for', async () => {
  const world = new SimWorld(1);
  const { platform } = world.start('host');
  const began = performance.now();
  await live(world, () => sleep(platform.timers, 50_000));
  assert.ok(platform.clock.monotonic() >= 50_000);
  assert.ok(performance.now() - began < 5000);
});

test('a world in which nothing can happen any more, or not in time, says so', async () => {
  const world = new SimWorld(1);
  await assert.rejects(
    world.loop.runUntil(() => false, 1000, 'never'),
    SimulationFailure,
  );
  world.loop.schedule(2000, 'late', () => undefined);
  await assert.rejects(
    world.loop.runUntil(() => false, 1000, 'never'),
    /not within 1000 virtual ms: never/,
  );
});

test('bytes arrive whole and in order, in chunks that are not those that were written', async () => {
  const world = new SimWorld(5);
  const server = world.start('server');
  const client = world.start('client');
  const sent = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
  await live(world, async () => {
    const accepted = Promise.withResolvers<ReturnType<typeof collect>>();
    await server.platform.network.listen({ host: 'server', port: 1 }, (socket) => accepted.resolve(collect(socket)));
    const socket = await connect(client.platform);
    const ours = collect(socket);
    for (let at = 0; at < sent.length; at += 1000)
      socket.write([sent.subarray(at, at + 300), sent.subarray(at + 300, at + 1000)]);
    socket.end();
    const { bytes, ended } = await accepted.promise;
    assert.equal(await ended, undefined);
    assert.equal(await ours.ended, undefined);
    assert.deepEqual(Buffer.concat(bytes), sent);
    assert.ok(new Set(bytes.map(({ length }) => length)).size > 2);
  });
});

test('hosts that are cut off from each other hear nothing, and everything afterwards', async () => {
  const world = new SimWorld(6);
  const server = world.start('server');
  const client = world.start('client');
  await live(world, async () => {
    const accepted = Promise.withResolvers<ReturnType<typeof collect>>();
    await server.platform.network.listen({ host: 'server', port: 1 }, (socket) => accepted.resolve(collect(socket)));
    const socket = await connect(client.platform);
    collect(socket);
    const { bytes } = await accepted.promise;
    world.network.cut('client', 'server', 3000);
    socket.write([Buffer.from('held')]);
    await assert.rejects(connect(client.platform), (error) => isMillraceError(error, 'connect_failed'));
    await sleep(client.platform.timers, 1500);
    assert.equal(bytes.length, 0);
    await sleep(client.platform.timers, 1000);
    assert.equal(Buffer.concat(bytes).toString(), 'held');
  });
});

test('a process that is killed does nothing more, its peers are told, and its files stay', async () => {
  const world = new SimWorld(7);
  const server = world.start('server');
  const client = world.start('client');
  await live(world, async () => {
    let rang = false;
    server.platform.timers.after(100, () => {
      rang = true;
    });
    await server.platform.network.listen({ host: 'server', port: 1 }, (socket) => collect(socket));
    await server.platform.disk.writeFileAtomic('/kept', Buffer.from('content'), { sync: false });
    const socket = await connect(client.platform);
    const { ended } = collect(socket);
    server.process.kill();
    await ended;
    await sleep(client.platform.timers, 200);
    assert.equal(rang, false);
    await assert.rejects(connect(client.platform), (error) => isMillraceError(error, 'connect_failed'));
  });
});

test('a full drive takes some of a write and says so, and takes it all when there is room', async () => {
  const world = new SimWorld(8);
  const { platform } = world.start('host');
  await live(world, async () => {
    const file = await platform.disk.open('/file', { create: true });
    await file.write([Buffer.from('begin')], 0);
    world.faults.full = true;
    await assert.rejects(file.write([Buffer.alloc(1000, 1)], 5), (error) => isMillraceError(error, 'disk_full'));
    assert.ok((await file.size()) < 1005);
    await assert.rejects(platform.disk.open('/other', { create: true }), (error) =>
      isMillraceError(error, 'disk_full'),
    );
    await file.truncate(5);
    world.faults.heal();
    await file.write([Buffer.from('end')], 5);
    await file.close();
    assert.equal(Buffer.from((await platform.disk.readFile('/file')) ?? []).toString(), 'beginend');
  });
});

test('a file that is used after it was closed fails the world', async () => {
  const world = new SimWorld(9);
  const { platform } = world.start('host');
  const misuse = live(world, async () => {
    const file = await platform.disk.open('/file', { create: true });
    await file.close();
    await file.size();
  });
  await assert.rejects(misuse, /used after it was closed/);
});

test('a loss of power leaves what was synced, and of the rest any sectors', () => {
  const randomness = seededRandomness(11);
  const seen = new Set<string>();
  for (let round = 0; round < 300; round++) {
    const file = new SimFile();
    file.write(Buffer.alloc(700, 1), 0);
    file.sync();
    file.write(Buffer.alloc(1500, 2), 700);
    file.losePower(randomness);
    assert.ok(file.size >= 700 && file.size <= 2200);
    assert.ok(file.bytes.subarray(0, 700).every((byte) => byte === 1));
    const rest = file.bytes.subarray(700);
    assert.ok(rest.every((byte) => byte === 0 || byte === 2));
    seen.add([800, 1100, 1600, 2100].map((at) => file.bytes[at] ?? '-').join(''));
  }
  for (const pattern of ['2222', '----', '0000', '2022', '0200']) assert.ok(seen.has(pattern), pattern);
});

test('a name is durable once its directory is synced, and names go in the order of their changes', async () => {
  const outcomes = new Set<string>();
  for (let seed = 1; seed < 60; seed++) {
    const world = new SimWorld(seed);
    const { platform } = world.start('host');
    const { disk } = platform;
    await live(world, async () => {
      await disk.makeDirectory('/folder');
      await disk.syncDirectory('/');
      await disk.writeFileAtomic('/folder/synced', Buffer.from('1'), { sync: true });
      await disk.writeFileAtomic('/folder/first', Buffer.from('2'), { sync: false });
      await disk.writeFileAtomic('/folder/second', Buffer.from('3'), { sync: false });
      return disk;
    });
    const drive = world.driveOf('host');
    drive.losePower(seededRandomness(seed));
    const names = (drive.list('/folder') ?? []).map(({ name }) => name).filter((name) => !name.endsWith('.tmp'));
    assert.ok(names.includes('synced'));
    assert.ok(!names.includes('second') || names.includes('first'));
    outcomes.add(names.join());
  }
  assert.equal(outcomes.size, 3);
});
