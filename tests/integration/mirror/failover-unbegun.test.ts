/** Planned failovers of what no worker has begun yet: topics that the mirror's patterns match are moved as well. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { type FailoverStep, failover, startMirror } from '@millrace/mirror';
import { uniqueName, until } from '../client/client-fixture.ts';
import { sidesBetween, values, valuesOf, write } from './failover-fixture.ts';
import { readPartition, startMirrorFixture } from './mirror-fixture.ts';

const planned = { manner: 'planned', unfenced: true } as const;

for (const when of ['before the failover', 'while it drains'] as const) {
  test(`a topic that a pattern of the mirror matches, made ${when}, is moved with its records`, async (t) => {
    const { source, target } = await startMirrorFixture(t);
    const [first, second] = [uniqueName('orders'), uniqueName('orders')];
    const admin = source.client.admin();
    const sides = sidesBetween(source, target);
    unwrap(await admin.createTopics([{ topic: first, partitions: 1 }]));
    await write(source.client, first, 0, 10);
    {
      await using mirror = await startMirror({ ...sides, topics: [/orders-.*/], shards: 2 });
      await until(() => mirror.status()[0]?.lag === 0);
    }
    const make = async (): Promise<void> => {
      unwrap(await admin.createTopics([{ topic: second, partitions: 1 }]));
      await write(source.client, second, 10, 20);
    };
    let making = when === 'before the failover' ? make() : undefined;
    await making;
    const tell = ({ step }: FailoverStep): void => {
      if (step === 'ends') making ??= make();
    };
    const { topics } = await failover({ ...sides, ...planned, tell });
    await making;
    const moved = topics.map(({ topic, state }) => `${state} ${topic}`).sort();
    assert.deepEqual(moved, [first, second].map((topic) => `failed-over ${topic}`).sort());
    assert.deepEqual(valuesOf(await readPartition(target.client, first, 0)), values([0, 10]));
    assert.deepEqual(valuesOf(await readPartition(target.client, second, 0)), values([10, 20]));
    await assert.rejects(startMirror({ ...sides, topics: [/orders-.*/] }), { code: 'mirror_failed_over' });
  });
}
