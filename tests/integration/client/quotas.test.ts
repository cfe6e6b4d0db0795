/** Quotas as a client meets them: it pauses as it is asked to, says so, and loses nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { settled, startFixture, uniqueName, until } from './client-fixture.ts';

test('a producer over its quota pauses, tells of it, and delivers everything', async (t) => {
  const { admin, connect, createTopic } = await startFixture(t);
  const [topic, clientId] = [await createTopic(1), uniqueName('client')];
  const entity = { 'client-id': clientId };
  unwrap(await admin.alterClientQuotas([{ entity, set: { producer_byte_rate: 20_000 } }]));
  await settled(
    () => admin.describeClientQuotas({ clientId: { name: clientId } }),
    (entries) => entries.length === 1,
  );
  const pauses: string[] = [];
  const client = connect({
    clientId,
    report: ({ event, message }) => {
      if (event === 'throttled') pauses.push(message);
    },
  });
  const producer = client.producer({ batchBytesMax: 8_192, lingerMs: 0 });
  let sent = 0;
  // A quota is a mean over ten seconds and more, so that a pause comes only after some of them are used up.
  while (pauses.length === 0) {
    assert.ok(sent < 2_000, 'no pause came');
    await producer.send({ topic, partition: 0, value: 'x'.repeat(4_000) });
    sent++;
  }
  assert.match(pauses[0] ?? '', /asks for a pause of \d+ ms after Produce: a quota is used up/);
  unwrap(await admin.alterClientQuotas([{ entity, remove: ['producer_byte_rate'] }]));
  await producer.flush();
  const [end] = unwrap(await admin.listOffsets([{ topic, partition: 0, at: 'latest' }]));
  assert.equal(end?.offset, sent);
});

test('changes of topics beyond the quota are made once it allows them, each once', async (t) => {
  const { admin, connect } = await startFixture(t);
  const clientId = uniqueName('client');
  const entity = { 'client-id': clientId };
  unwrap(await admin.alterClientQuotas([{ entity, set: { controller_mutation_rate: 5 } }]));
  await settled(
    () => admin.describeClientQuotas({ clientId: { name: clientId } }),
    (entries) => entries.length === 1,
  );
  const events: string[] = [];
  const own = connect({ clientId, report: ({ event }) => events.push(event) }).admin();
  const create = (partitions: number, timeoutMs: number) =>
    own.createTopics([{ topic: uniqueName('topic'), partitions }], { timeoutMs });
  // Five a second after a burst of fifty-five; what is begun within the quota may exceed it, and is then paid back.
  unwrap(await create(75, 60_000));
  assert.deepEqual(events.includes('throttled'), false);
  const topics = Array.from({ length: 3 }, () => ({ topic: uniqueName('topic'), partitions: 1 }));
  const created = await own.createTopics(topics, { timeoutMs: 60_000 });
  assert.deepEqual(
    created.map(({ error }) => error),
    topics.map(() => undefined),
  );
  assert.ok(events.includes('throttled'));
  unwrap(await create(50, 60_000));
  const refused = await create(1, 300)
    .then(unwrap)
    .catch((error: Error & { errorName?: string }) => error);
  assert.ok(!Array.isArray(refused));
  assert.ok(
    refused.errorName === 'THROTTLING_QUOTA_EXCEEDED' || refused.name === 'RequestTimeoutError',
    String(refused),
  );
  unwrap(await admin.alterClientQuotas([{ entity, remove: ['controller_mutation_rate'] }]));
  await until(
    async () => unwrap(await admin.describeTopics(topics.map(({ topic }) => topic))).length === topics.length,
  );
});
