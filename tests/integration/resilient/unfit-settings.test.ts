/** Settings that are pushed to programs which can't go on with them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { startFixture } from '../client/client-fixture.ts';
import { startResilientFixture, valuesOf } from './resilient-fixture.ts';

const settings = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, rule: 'the test' }]));

test('transactions go on where acknowledgements are lowered for their topic', async (t) => {
  const [fixture, { service, open }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic();
  const { bootstrap } = fixture;
  const tell = (values: Record<string, string>): void =>
    service.tell({ topic, role: 'producer' }, { answer: { bootstrap, settings: settings(values) } });
  tell({ acks: 'all', 'enable.idempotence': 'true' });
  const client = await open();
  const writer = await client.producer({ topic, transactionalId: 'bank' });
  await writer.transaction(async (each) => void each.write({ topic, value: 'one' }));
  tell({ acks: '1', 'enable.idempotence': 'false', 'linger.ms': '7' });
  await eventually(() => client.status().streams[0]?.switches === 1);
  await writer.transaction(async (each) => void each.write({ topic, value: 'two' }));
  await client.close();
  assert.deepEqual((await valuesOf(bootstrap, topic, 'read_committed')).sort(), ['one', 'two']);
});
