/**
 * Clients that are slow, silent or hostile, on real sockets against a broker in a process of its own: what they cost
 * is bounded, they are sent away, and a client beside them is served all the while. Latencies are printed, not
 * asserted.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { apiVersions, correlationIdOf, fetch, metadata } from '@millrace/wire';
import { ClusterProcess } from '../../support/cluster-process.ts';
import { eventually } from '../../support/eventually.ts';
import { Bystander, Crowd, fetchOf, halfFrame, Peer, wait } from '../../support/hostile-clients.ts';

const mebibyte = 2 ** 20;
const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

function megabytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`;
}

test('thousands of connections that send half a frame and wait cost little, and are closed in time', async (t) => {
  const count = Math.round(5000 * Math.min(1, scale));
  const configuration = { 'connections.max.idle.ms': '8000' };
  await using cluster = await ClusterProcess.start({ configuration });
  using bystander = await Bystander.start(cluster.port, 'quiet');
  await bystander.during(wait(1500));
  t.diagnostic(`alone: ${bystander.latency()}`);
  const before = await cluster.state();
  using crowd = await bystander.during(Crowd.open(cluster.port, count));
  t.diagnostic(`while ${count} connect: ${bystander.latency()}`);
  crowd.write(halfFrame(100_000_000, 1000));
  await bystander.during(
    eventually(async () => (await cluster.state()).requestBytes >= count * 1000, { timeoutMs: 60_000 }),
  );
  const after = await bystander.during(cluster.state());
  const each = (after.rss - before.rss) / count;
  t.diagnostic(`beside ${count} half frames: ${bystander.latency()}`);
  t.diagnostic(
    `memory: ${megabytes(before.rss)} before, ${megabytes(after.rss)} with them, ${each.toFixed(0)} bytes each`,
  );
  assert.ok(each < 64 * 1024, `${each} bytes a connection`);
  assert.ok(after.requestBytes <= count * 8192, `${after.requestBytes} bytes taken for ${count} half frames`);
  await bystander.during(eventually(() => crowd.ended === count, { timeoutMs: 60_000 }));
  t.diagnostic(`until they were closed: ${bystander.latency()}`);
  const end = await cluster.state();
  assert.deepEqual([end.connections, end.requestBytes], [1, 0]);
});

test('a client that sends a request byte by byte, without end, is closed', async () => {
  const configuration = { 'connections.max.idle.ms': '1500' };
  await using cluster = await ClusterProcess.start({ configuration });
  using bystander = await Bystander.start(cluster.port, 'steady');
  using crowd = await Crowd.open(cluster.port, 20);
  crowd.write(halfFrame(1_000_000, 1));
  const drip = setInterval(() => crowd.write(Uint8Array.of(0)), 50);
  try {
    await bystander.during(eventually(() => crowd.ended === 20));
  } finally {
    clearInterval(drip);
  }
  assert.match((await cluster.state()).events.join('\n'), /in \d+ ms it sent \d+ bytes of a request/);
});

test('a client that asks for files and never reads makes the broker read few of them, and is closed', async (t) => {
  const answerBytesMax = 8 * mebibyte;
  const configuration = { 'connections.max.idle.ms': '4000' };
  await using cluster = await ClusterProcess.start({ configuration, answerBytesMax, tailBytesMax: mebibyte });
  using bystander = await Bystander.start(cluster.port, 'read');
  for (let index = 0; index < 64; index++) await bystander.produce(900_000);
  const before = await cluster.state();
  const greedy = await Promise.all(Array.from({ length: 20 }, () => Peer.connect(cluster.port)));
  for (const peer of greedy) {
    peer.socket.pause();
    peer.socket.on('error', () => undefined);
    for (let index = 0; index < 200; index++) peer.socket.write(peer.encode(fetch, 12, fetchOf('read', index % 64)));
  }
  let most = before;
  let rssMax = 0;
  const watch = async (): Promise<boolean> => {
    const now = await cluster.state();
    rssMax = Math.max(rssMax, now.rss);
    if (now.answerBytes > most.answerBytes) most = now;
    return now.connections === 1;
  };
  await bystander.during(eventually(watch, { timeoutMs: 60_000 }));
  t.diagnostic(`beside clients that do not read: ${bystander.latency()}`);
  t.diagnostic(
    `asked for ${20 * 200} MiB; held ${megabytes(most.answerBytes)}, ${megabytes(rssMax - before.rss)} of memory`,
  );
  assert.ok(most.answerBytes > 0);
  assert.ok(rssMax - before.rss < 256 * mebibyte, `${rssMax - before.rss} bytes of memory`);
  // Each may pass the bound by one batch.
  assert.ok(most.answerBytes < answerBytesMax + 21 * mebibyte, `${most.answerBytes} bytes of answers`);
  assert.equal((await cluster.state()).answerBytes, 0);
  for (const peer of greedy) peer[Symbol.dispose]();
});

test('half frames hold no more than queued.max.request.bytes, and then give way to whole ones', async (t) => {
  const bytesMax = 8 * mebibyte;
  await using cluster = await ClusterProcess.start({ configuration: { 'queued.max.request.bytes': `${bytesMax}` } });
  using bystander = await Bystander.start(cluster.port, 'large');
  using crowd = await Crowd.open(cluster.port, 100);
  crowd.write(halfFrame(3_000_000, 1_000_000));
  let most = 0;
  const watch = async (): Promise<boolean> => {
    const now = await cluster.state();
    most = Math.max(most, now.requestBytes);
    return crowd.ended > 0;
  };
  await eventually(watch);
  await bystander.roundTrip(700_000);
  t.diagnostic(`half frames of 1 MB by 100 clients held at most ${megabytes(most)}`);
  // Beyond the bound each has what it read before it was stopped, and one at a time gets its whole frame.
  assert.ok(most < bytesMax + 100 * 128 * 1024 + 4 * mebibyte, `${most} bytes of requests`);
});

test('garbage and frames that are too large end their connections, and few words are made of them', async () => {
  await using cluster = await ClusterProcess.start({ configuration: {} });
  using bystander = await Bystander.start(cluster.port, 'calm');
  using large = await Crowd.open(cluster.port, 200);
  large.write(halfFrame(2_000_000_000, 100));
  using noisy = await Crowd.open(cluster.port, 200);
  for (const socket of noisy.sockets) {
    const noise = randomBytes(5000);
    // A length that is accepted, an API that there is not.
    noise.writeInt32BE(4000);
    noise.writeInt16BE(0x7000, 4);
    socket.write(noise);
  }
  await bystander.during(eventually(() => large.ended === 200 && noisy.ended === 200));
  const { events, connections } = await cluster.state();
  assert.equal(connections, 1);
  assert.ok(events.length > 0 && events.length < 200, `${events.length} reports`);
});

test('a flood of requests on one connection lets the others have their turns, and is answered in order', async () => {
  await using cluster = await ClusterProcess.start({ configuration: {} });
  using flooding = await Peer.connect(cluster.port);
  using other = await Peer.connect(cluster.port);
  await other.request(metadata, 12, { topics: [] });
  const draft = { clientSoftwareName: 'flood', clientSoftwareVersion: '1' };
  const answered: string[] = [];
  const count = 20_000;
  const frames = Array.from({ length: count }, () => flooding.encode(apiVersions, 3, draft));
  let expected = 0;
  const last = frames.map((_, index) =>
    flooding.exchange(index === 0 ? Buffer.concat(frames) : new Uint8Array(0)).then((frame) => {
      expected += 1;
      assert.equal(correlationIdOf(frame), expected);
      if (expected === 1) answered.push('first');
      if (expected === count) answered.push('last');
    }),
  );
  await last[0];
  await other.request(metadata, 12, { topics: [] });
  answered.push('other');
  await Promise.all(last);
  assert.deepEqual(answered, ['first', 'other', 'last']);
});
