/**
 * A registry at another site, fed by a mirror of the schemas' topic: it reads while the home is away, refuses writes,
 * and knows the ids in bytes that a mirror copied, for there is one id space.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { text, topic } from '@millrace/client';
import { avro, openRegistry } from '@millrace/registry';
import { eventually } from '../../support/eventually.ts';
import { startMirrorFixture } from '../mirror/mirror-fixture.ts';

const order = (...fields: object[]): string =>
  JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'id', type: 'string' }, ...fields] });

interface Order {
  readonly id: string;
  readonly count?: number;
}

test('a replica is read-only while its home is away, and its ids are those of mirrored records', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const home = openRegistry({ home: source.client });
  const name = await source.createTopic();
  const subject = `${name}-value`;
  await home.register('other', { schemaType: 'AVRO', schema: '"int"', references: [], normalize: false });
  const orders = topic(name, { key: text, value: await avro<Order>(home, { subject, schema: order() }) });
  await using producer = source.client.producer();
  await producer.send({ topic: orders, key: 'a', value: { id: 'a' } });
  await fixture.mirror(['millrace.schemas', name]);
  await using replica = openRegistry({
    home: target.connect({ bootstrap: source.bootstrap, callTimeoutMs: 1_000 }),
    replica: target.client,
    writeTimeoutMs: 1_000,
  });
  await eventually(async () => {
    await using admin = target.client.admin();
    const found = await admin.listOffsets([{ topic: name, partition: 0, at: 'latest' }]);
    return found[0]?.error === undefined && found[0]?.offset === 1;
  });
  await home.close();
  await producer.close();
  await source.stop();
  await using isolated = openRegistry({
    home: target.connect({ bootstrap: source.bootstrap, callTimeoutMs: 1_000 }),
    replica: target.client,
    writeTimeoutMs: 1_000,
  });
  for (const registry of [replica, isolated]) {
    const state = await registry.state();
    const id = state.versions(subject)[0]?.id;
    assert.equal(id, 2, 'the ids of the fleet');
    // The schema is there already, which takes no write.
    const serde = await avro<Order>(registry, { subject, schema: order() });
    const copied = topic(name, { key: text, value: serde });
    await using consumer = target.client.consumer({ topics: [copied], from: 'earliest', until: 'end' });
    const read: string[] = [];
    for await (const record of consumer.records()) read.push(record.value.id);
    assert.deepEqual(read, ['a']);
    const newer = order({ name: 'count', type: 'int', default: 1 });
    await assert.rejects(avro(registry, { subject, schema: newer }), { code: 'home_unreachable', errorCode: 50003 });
  }
  await source.restart();
  let id = 0;
  await eventually(async () => {
    const request = { schemaType: 'AVRO', schema: '"long"', references: [], normalize: false } as const;
    const made = await isolated.register('third', request).catch((error: unknown) => {
      if (isMillraceError(error, 'home_unreachable') || isMillraceError(error, 'store_failed')) return undefined;
      throw error;
    });
    id = made?.id ?? 0;
    return id > 0;
  });
  assert.equal(id, 3, 'an id is never given twice');
  // The mirror goes on by itself, and brings the new one to the site.
  await eventually(async () => {
    await using late = openRegistry({ home: target.connect({ bootstrap: '127.0.0.1:1' }), replica: target.client });
    return (await late.state()).versions('third')[0]?.id === 3;
  });
});
