/** What becomes of records whose times are far from now, between any two clusters. */
import assert from 'node:assert/strict';
import { type Client, unwrap } from '@millrace/client';
import { until } from '../client/client-fixture.ts';
import type { MirrorBehaviour } from './behaviours.ts';
import { assertMirrored, type MirrorFixture, readPartition } from './mirror-fixture.ts';

const hour = 3_600_000;

async function writeAt(client: Client, topic: string, times: readonly number[]): Promise<void> {
  await using producer = client.producer({ compression: 'lz4' });
  const sends = times.map((timestamp, n) => producer.send({ topic, partition: 0, value: `${n}`, timestamp }));
  await Promise.all(sends);
}

/** Takes records of all times, where Kafka has an hour ahead for its default. */
const anyTime = { 'message.timestamp.after.max.ms': '9223372036854775807', 'retention.ms': '-1' };

async function valuesAt({ client }: MirrorFixture['target'], topic: string): Promise<(string | null)[]> {
  return (await readPartition(client, topic, 0)).map(({ value }) => value);
}

export const timeBehaviours: readonly MirrorBehaviour[] = [
  {
    name: 'a topic that the mirror makes takes records of all times',
    async run(fixture) {
      const { source } = fixture;
      const topic = await source.createTopic(1, anyTime);
      await writeAt(source.client, topic, [1, Date.now() + 100 * hour, Date.now(), 0]);
      await fixture.mirror([topic]);
      await assertMirrored(fixture, topic, 1);
    },
  },
  {
    name: 'records whose times the target refuses stop their partition alone, or are left out',
    async run(fixture) {
      const { source, target } = fixture;
      const [ahead, old] = [await source.createTopic(1, anyTime), await source.createTopic(1, anyTime)];
      const limits = [
        [ahead, 'message.timestamp.after.max.ms'],
        [old, 'message.timestamp.before.max.ms'],
      ] as const;
      for (const [topic, setting] of limits) {
        const configuration = { [setting]: `${2 * hour}`, 'retention.ms': '-1' };
        unwrap(await target.admin.createTopics([{ topic, partitions: 1, configuration }]));
      }
      const now = Date.now();
      const far = now + 50 * hour;
      await writeAt(source.client, ahead, [now, now + hour, far, far, now - 50 * hour, far, now]);
      await writeAt(source.client, old, [now, now - 50 * hour, now + hour / 2, 5]);
      const mirror = await fixture.mirror([ahead, old]);
      const at = new RegExp(
        `^${ahead} \\[0\\]: source offsets 2 to 3 begin with the time ${far} .*after\\.max\\.ms .*stops$`,
      );
      await until(() => fixture.events.some(({ message }) => at.test(message)), 30_000);
      const before = /source offset 1 has the time .*before\.max\.ms .*the partition stops$/;
      await until(() => fixture.events.some(({ message }) => before.test(message)), 30_000);
      await until(
        async () => (await valuesAt(target, ahead)).length === 2 && (await valuesAt(target, old)).length === 1,
      );
      await mirror.close();
      fixture.events.length = 0;
      await fixture.mirror([ahead, old], { invalidTimes: 'skip' });
      await until(
        async () => (await valuesAt(target, ahead)).length === 4 && (await valuesAt(target, old)).length === 2,
      );
      assert.deepEqual(await valuesAt(target, ahead), ['0', '1', '4', '6']);
      assert.deepEqual(await valuesAt(target, old), ['0', '2']);
      await until(() => fixture.events.filter(({ event }) => event === 'invalid_time').length === 4);
    },
  },
];
