/** A mirror whose source is far: read over several connections, and a partition in ranges that are put in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '@millrace/base';
import { distantNetwork } from '../../support/distant-network.ts';
import { quick, until } from '../client/client-fixture.ts';
import { assertMirrored, startMirrorFixture } from './mirror-fixture.ts';

const oneWayMs = 15;
const fetchBytesMax = 16 * 1024;

test('a partition of a far source is copied in order over several connections, transactions included', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source } = fixture;
  const topic = await source.createTopic(1);
  await using producer = source.client.producer({ transactionalId: `t-${topic}` });
  await using plain = source.client.producer({ batchBytesMax: 8 * 1024 });
  for (let round = 0; round < 30; round++) {
    const transaction = await producer.begin();
    for (let index = 0; index < 30; index++) {
      producer.write({ topic, key: `${round}`, value: `${index}`.padEnd(200 + ((round * 7) % 90), '.') });
      plain.write({ topic, value: `${round}-${index}`.padEnd(300, '-') });
    }
    if (round % 3 === 1) await transaction.abort();
    else await transaction.commit();
    await plain.flush();
  }
  const platform = { ...nodePlatform, network: distantNetwork(nodePlatform.network, oneWayMs) };
  const far = { bootstrap: source.bootstrap, ...quick, platform };
  const mirror = await fixture.mirror([topic], { source: far, fetchBytesMax, scribbles: true });
  await assertMirrored(fixture, topic, 1);
  const lanes = fixture.events.filter(({ event }) => event === 'source_connections');
  assert.match(lanes[0]?.message ?? '', /ms away; it is read over 4 connections$/);
  await until(() => mirror.status()[0]?.lag === 0);
});
