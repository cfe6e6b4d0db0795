/** Whom a broker lets in, on real sockets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listGroups } from '@millrace/wire';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import { WirePeer } from '../testing/wire-peer.ts';

function connect(fixture: ClusterFixture, nodeId = 1): Promise<WirePeer> {
  return WirePeer.connect(fixture.cluster.brokers.find((broker) => broker.nodeId === nodeId)?.port ?? 0);
}

test('a broker has at most max.connections, and takes others when some are gone', async () => {
  await using fixture = await ClusterFixture.start({ brokers: 2, configuration: { 'max.connections': '3' } });
  const peers = [await connect(fixture), await connect(fixture), await connect(fixture)];
  using excess = await connect(fixture);
  await excess.ended;
  assert.match(fixture.events.at(-1)?.message ?? '', /refused a connection of 127\.0\.0\.1:\d+: .*max\.connections/);
  using elsewhere = await connect(fixture, 2);
  assert.ok(await elsewhere.request(listGroups, {}), 'another broker has its own bound');
  peers[0]?.[Symbol.dispose]();
  await peers[0]?.ended;
  while (fixture.cluster.connections.count > 3) await new Promise((resolve) => setTimeout(resolve, 5));
  using next = await connect(fixture);
  assert.ok(await next.request(listGroups, {}));
  for (const peer of peers) peer[Symbol.dispose]();
});

test('an address has at most max.connections.per.ip, unless an override names it', async () => {
  const bound = { 'max.connections.per.ip': '1' };
  await using fixture = await ClusterFixture.start({ configuration: bound });
  using first = await connect(fixture);
  using second = await connect(fixture);
  await second.ended;
  assert.ok(await first.request(listGroups, {}));
  const overrides = { ...bound, 'max.connections.per.ip.overrides': '10.0.0.1:1, 127.0.0.1:2' };
  await using other = await ClusterFixture.start({ configuration: overrides });
  using one = await connect(other);
  using two = await connect(other);
  using three = await connect(other);
  await three.ended;
  assert.ok((await one.request(listGroups, {})) && (await two.request(listGroups, {})));
});

test('connections that come faster than max.connection.creation.rate are served later', async () => {
  const configuration = { 'max.connection.creation.rate': '10', 'quota.window.num': '2' };
  await using fixture = await ClusterFixture.start({ configuration });
  const began = performance.now();
  const peers = await Promise.all(Array.from({ length: 15 }, () => connect(fixture)));
  await Promise.all(peers.map((peer) => peer.request(listGroups, {})));
  assert.ok(performance.now() - began >= 300, 'the last one waits until the rate is right again');
  for (const peer of peers) peer[Symbol.dispose]();
});

test('overrides that are no counts are refused at start', async () => {
  const configuration = { 'max.connections.per.ip.overrides': '127.0.0.1' };
  await assert.rejects(ClusterFixture.start({ configuration }), { code: 'invalid_configuration' });
});
