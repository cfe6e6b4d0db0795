import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { startMillrace } from '../../support/millrace-command.ts';
import { quick, uniqueName, until } from '../client/client-fixture.ts';
import { assertMirrored, startMirrorFixture } from './mirror-fixture.ts';

test('what a killed worker had stored and not written down is in the offset map of all after it', async (t) => {
  const { source, target, ...rest } = await startMirrorFixture(t);
  const topic = await source.createTopic(1);
  const count = 400_000;
  const producer = source.client.producer();
  for (let n = 0; n < count; n++) {
    if (!producer.write({ topic, partition: 0, value: `value ${n}` })) await producer.ready();
  }
  await producer.close();
  const name = uniqueName('takeover');
  const sides = ['--source', source.bootstrap, '--target', target.bootstrap];
  const worker = startMillrace(['mirror', 'run', ...sides, '--topics', topic, '--name', name, '--worker', 'one']);
  t.after(() => worker.child.kill('SIGKILL'));
  const copied = async (): Promise<number> => {
    const [described] = await target.admin.describeTopics([topic]);
    if (described === undefined || described.error !== undefined) return 0;
    return unwrap(await target.admin.listOffsets([{ topic, partition: 0, at: 'latest' }]))[0]?.offset ?? 0;
  };
  // It writes down how far it is once a second, and copies far more in one.
  await until(async () => (await copied()) > 0, 30_000);
  worker.child.kill('SIGKILL');
  await worker.ended;
  const groups = Array.from({ length: 100 }, (_, index) => ({ group: `at-${index}`, offset: (index * count) / 100 }));
  for (const { group, offset } of groups)
    unwrap(await source.admin.commitOffsets(group, [{ topic, partition: 0, offset }]));
  // The second one after it knows only what the first one wrote.
  for (const isLast of [false, true]) {
    const mirror = await rest.mirror([topic], {
      name,
      worker: 'one',
      groups: [/at-.*/],
      source: { bootstrap: source.bootstrap, ...quick },
    });
    await until(() => mirror.status().length === 1 && mirror.status()[0]?.lag === 0, 30_000);
    if (isLast) await mirror.syncGroups();
    await mirror.close();
  }
  await assertMirrored({ source, target, ...rest }, topic, 1);
  await using reader = target.client.consumer({ assign: [{ topic, partition: 0, offset: 'earliest' }], until: 'end' });
  const offsets = new Map<string, number>();
  for await (const { offset, valueBytes } of reader.records())
    offsets.set(Buffer.from(valueBytes ?? []).toString(), offset);
  for (const { group, offset } of groups) {
    const [stored] = unwrap(await target.admin.fetchOffsets(group, [{ topic, partition: 0 }]));
    assert.equal(stored?.offset, offsets.get(`value ${offset}`), group);
  }
});
