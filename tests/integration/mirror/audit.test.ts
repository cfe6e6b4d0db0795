/** What a mirror publishes of what it copied. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, unwrap } from '@millrace/client';
import type { AuditRecord } from '@millrace/mirror';
import { until } from '../client/client-fixture.ts';
import { startMirrorFixture } from './mirror-fixture.ts';

/** Also while the topic is being made. */
async function publishedRecords(client: Client): ReturnType<typeof auditRecords> {
  const isThere = (await client.admin().listTopics()).some(({ topic }) => topic === 'millrace.audit');
  return isThere ? auditRecords(client) : [];
}

async function auditRecords(client: Client): Promise<{ readonly key: string; readonly record: AuditRecord }[]> {
  const topic = 'millrace.audit';
  const [listed] = unwrap(await client.admin().describeTopics([topic]));
  const assign = (listed?.partitions ?? []).map(({ partition }) => ({ topic, partition, offset: 'earliest' as const }));
  await using consumer = client.consumer({ assign, until: 'end' });
  const records = [];
  for await (const { keyBytes, valueBytes } of consumer.records()) {
    const [key, value] = [keyBytes, valueBytes].map((bytes) => Buffer.from(bytes ?? '').toString());
    records.push({ key: key ?? '', record: JSON.parse(value ?? '') as AuditRecord });
  }
  return records;
}

test('what is copied or passed over is published, in ranges that follow one another', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  const rename = (name: string): string => `copy.${name}`;
  const mirror = await fixture.mirror([topic], { worker: 'audited', rename, auditIntervalMs: 50 });
  await using producer = source.client.producer({ transactionalId: `${topic}-writer` });
  const before = Date.now();
  let written = 0;
  for (const fate of ['commit', 'abort', 'commit'] as const) {
    const transaction = await producer.begin();
    for (let index = 0; index < 5; index++) await transaction.send({ topic, value: `${fate} ${index}` });
    await transaction[fate]();
    written += fate === 'commit' ? 5 : 0;
    await until(() => mirror.figures().recordsCopied === written);
    await until(() => mirror.status().every(({ lag }) => lag === 0));
    // The rest comes in a range of its own.
    if (fate === 'abort') await until(async () => (await publishedRecords(target.client)).length > 0);
  }
  await mirror.close();
  const published = await auditRecords(target.client);
  const records = published.map(({ record }) => record);
  assert.ok(records.length >= 2, `${records.length}`);
  for (const { key, record } of published) {
    const { mirror: name, worker, topic: from, partition, targetTopic, version } = record;
    assert.deepEqual(
      [key, version, name, worker, from, partition, targetTopic],
      [`${mirror.name}/${topic}/0`, 1, mirror.name, 'audited', topic, 0, `copy.${topic}`],
    );
  }
  for (const [index, { source: range }] of records.entries()) {
    assert.equal(range.from, records[index - 1]?.source.to ?? 0, 'a gap between ranges');
  }
  const sum = (of: (record: AuditRecord) => number): number => records.reduce((total, each) => total + of(each), 0);
  const [records_, skipped] = [sum((each) => each.records), sum((each) => each.skipped)];
  // Five records were aborted, and each transaction has a marker.
  assert.deepEqual([records_, skipped, records.at(-1)?.source.to], [10, 8, 18]);
  assert.equal(
    sum((each) => each.bytes),
    mirror.figures().bytesCopied,
  );
  for (const { firstTime, newestTime, records: count } of records) {
    if (count === 0) assert.deepEqual([firstTime, newestTime], [null, null]);
    else
      assert.ok(before <= (firstTime ?? 0) && (firstTime ?? 0) <= (newestTime ?? 0) && (newestTime ?? 0) <= Date.now());
  }
});

test('a mirror that may not publish its audit copies all the same, and tells of it', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  await using producer = source.client.producer();
  await producer.send({ topic, value: 'one' });
  // No record fits in there.
  await target.admin.createTopics([
    { topic: 'millrace.audit', partitions: 1, configuration: { 'max.message.bytes': '10' } },
  ]);
  const mirror = await fixture.mirror([topic], { auditIntervalMs: 50 });
  await until(() => mirror.figures().recordsCopied === 1);
  await until(() => fixture.events.some(({ event }) => event === 'audit_failed'));
  assert.equal(mirror.figures().problems.get('audit_failed'), 1);
  await producer.send({ topic, value: 'two' });
  await until(() => mirror.figures().recordsCopied === 2);
});

test('without an audit nothing of it is made', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(1);
  await using producer = fixture.source.client.producer();
  await producer.send({ topic, value: 'one' });
  const mirror = await fixture.mirror([topic], { auditIntervalMs: 0 });
  await until(() => mirror.figures().recordsCopied === 1);
  await mirror.close();
  const topics = await fixture.target.admin.listTopics();
  assert.ok(!topics.some((each) => each.topic === 'millrace.audit'));
});
