/** What a job says of itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int64, text, topic } from '@millrace/client';
import { startJob, topology } from '@millrace/streams';
import { startFixture, uniqueName, until } from '../client/client-fixture.ts';

test('metrics say what each operator got and made, and how long records and commits took', async (t) => {
  const fixture = await startFixture(t);
  const [from, to] = [await fixture.createTopic(1), await fixture.createTopic(1)];
  const made = topology(uniqueName('metrics'));
  made
    .source(topic(from, { value: text }))
    .flatMap((line) => line.split(' '))
    .keyBy('by-word', (word) => word, { key: text, value: text })
    .count('words')
    .to(topic(to, { key: text, value: int64 }));
  await using job = await startJob(made, { client: fixture.client, commitIntervalMs: 50 });
  {
    await using producer = fixture.client.producer();
    for (const value of ['a b', 'a']) producer.write({ topic: from, value });
  }
  await until(() => job.metrics().operators[`to ${to}`]?.recordsIn === 3 && job.metrics().commits > 1);
  const { operators, commits, commitDurations, recordDurations, restoring } = job.metrics();
  const repartition = `millrace.repartition.${made.name}.by-word`;
  assert.deepEqual(operators, {
    [`source ${from}`]: { recordsIn: 2, recordsOut: 2 },
    'by-word': { recordsIn: 3, recordsOut: 3 },
    [`source ${repartition}`]: { recordsIn: 3, recordsOut: 3 },
    words: { recordsIn: 3, recordsOut: 3 },
    [`to ${to}`]: { recordsIn: 3, recordsOut: 3 },
  });
  for (const [{ count, counts, sumMs }, expected] of [
    [commitDurations, commits],
    [recordDurations, 5],
  ] as const) {
    assert.equal(count, expected);
    assert.equal(
      counts.reduce((sum, each) => sum + each, 0),
      expected,
    );
    assert.ok(sumMs > 0);
  }
  assert.deepEqual(restoring, {});
});
