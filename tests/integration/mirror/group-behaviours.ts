/** What a mirror does with consumer groups between any two clusters. */
import assert from 'node:assert/strict';
import { type Admin, type Client, unwrap } from '@millrace/client';
import type { Mirror } from '@millrace/mirror';
import { uniqueName, until } from '../client/client-fixture.ts';
import type { MirrorBehaviour } from './behaviours.ts';
import { assertMirrored, readPartition } from './mirror-fixture.ts';

/** Writes transactions of three records each, of which every third is aborted, and one record by itself after each. */
async function fillWithTransactions(client: Client, topic: string, rounds: number): Promise<void> {
  await using transactional = client.producer({ transactionalId: uniqueName('filling') });
  await using plain = client.producer();
  for (let round = 0; round < rounds; round++) {
    const transaction = await transactional.begin();
    for (let n = 0; n < 3; n++) transaction.write({ topic, partition: 0, value: `${round} ${n}` });
    // What was not sent yet leaves no trace when it is aborted.
    await transactional.flush();
    if (round % 3 === 2) await transaction.abort();
    else await transaction.commit();
    await plain.send({ topic, partition: 0, value: `${round} alone` });
  }
}

async function offsetOf(admin: Admin, group: string, topic: string): Promise<number | undefined> {
  const [stored] = unwrap(await admin.fetchOffsets(group, [{ topic, partition: 0 }]));
  return stored?.offset;
}

/** The values that a reader of committed records sees from an offset on. */
async function valuesFrom(client: Client, topic: string, offset: number): Promise<(string | null)[]> {
  const records = await readPartition(client, topic, 0, 'read_committed');
  return records.filter((record) => record.offset >= offset).map(({ value }) => value);
}

/** Commits offsets of a group that has no members. */
async function put(admin: Admin, group: string, topic: string, offset: number, metadata?: string): Promise<void> {
  unwrap(await admin.commitOffsets(group, [{ topic, partition: 0, offset, metadata }]));
}

async function caughtUp(mirror: Mirror): Promise<void> {
  await until(() => mirror.status().length > 0 && mirror.status().every(({ lag }) => lag === 0), 30_000);
}

const done = { group: '', live: false, synced: 0, ahead: 0, skipped: 0 };

export const groupBehaviours: readonly MirrorBehaviour[] = [
  {
    name: 'a group goes on with exactly the next record, wherever it stands in transactions, and back again',
    async run(fixture) {
      const { source, target } = fixture;
      const prefix = uniqueName('at');
      const topic = await source.createTopic(1);
      await fillWithTransactions(source.client, topic, 7);
      const [end] = unwrap(await source.admin.listOffsets([{ topic, partition: 0, at: 'latest' }]));
      const groups = Array.from({ length: (end?.offset ?? 0) + 1 }, (_, offset) => ({
        group: `${prefix}-${offset}`,
        offset,
      }));
      assert.ok(groups.length > 30);
      for (const { group, offset } of groups) await put(source.admin, group, topic, offset, `note ${offset}`);
      const mirror = await fixture.mirror([topic], {
        rename: (name) => `copy.${name}`,
        groups: [new RegExp(`${prefix}-.*`)],
      });
      await assertMirrored(fixture, topic, 1, `copy.${topic}`);
      await caughtUp(mirror);
      const results = await mirror.syncGroups();
      assert.equal(results.length, groups.length);
      for (const result of results) assert.deepEqual({ ...result, group: '' }, { ...done, synced: 1 });
      for (const { group, offset } of groups) {
        const [stored] = unwrap(await target.admin.fetchOffsets(group));
        assert.equal(stored?.topic, `copy.${topic}`);
        assert.equal(stored?.metadata, `note ${offset}`);
        const wanted = await valuesFrom(source.client, topic, offset);
        assert.deepEqual(await valuesFrom(target.client, `copy.${topic}`, stored.offset), wanted, group);
      }
      // And so does each that stood on the target somewhere.
      const last = unwrap(await target.admin.listOffsets([{ topic: `copy.${topic}`, partition: 0, at: 'latest' }]));
      for (let offset = 0; offset < (last[0]?.offset ?? 0); offset++) {
        await put(target.admin, `${prefix}-back-${offset}`, `copy.${topic}`, offset);
      }
      await mirror.syncGroups('back');
      for (let offset = 0; offset < (last[0]?.offset ?? 0); offset++) {
        const back = (await offsetOf(source.admin, `${prefix}-back-${offset}`, topic)) ?? -1;
        const wanted = await valuesFrom(target.client, `copy.${topic}`, offset);
        assert.deepEqual(await valuesFrom(source.client, topic, back), wanted, `from ${offset} on`);
      }
    },
  },
  {
    name: 'a group that has members on the target is left to them, in both group protocols',
    async run(fixture) {
      const { source, target } = fixture;
      const topic = await source.createTopic(1);
      await fillWithTransactions(source.client, topic, 3);
      const mirror = await fixture.mirror([topic]);
      await assertMirrored(fixture, topic, 1);
      await caughtUp(mirror);
      const groups: string[] = [];
      for (const protocol of ['classic', 'consumer'] as const) {
        const group = uniqueName(`live-${protocol}`);
        groups.push(group);
        await put(source.admin, group, topic, 5);
        {
          await using consumer = target.client.consumer({
            group,
            protocol,
            topics: [topic],
            from: 'earliest',
            commit: 'manual',
          });
          const records = consumer.records()[Symbol.asyncIterator]();
          await records.next();
          const results = await mirror.syncGroups();
          assert.equal(results.find((result) => result.group === group)?.live, true);
          assert.equal(await offsetOf(target.admin, group, topic), undefined);
        }
        await mirror.syncGroups();
        const wanted = await valuesFrom(source.client, topic, 5);
        const offset = (await offsetOf(target.admin, group, topic)) ?? -1;
        assert.deepEqual(await valuesFrom(target.client, topic, offset), wanted);
      }
      const told = fixture.events.filter(({ event }) => event === 'group_live').map(({ group }) => group);
      assert.deepEqual(told, groups);
    },
  },
  {
    name: 'an offset beyond what was copied waits, and a group that stands farther is left where it is',
    async run(fixture) {
      const { source, target } = fixture;
      const topic = await source.createTopic(1);
      await fillWithTransactions(source.client, topic, 3);
      const mirror = await fixture.mirror([topic]);
      await assertMirrored(fixture, topic, 1);
      await caughtUp(mirror);
      // While a transaction is not decided, nothing behind its begin is copied.
      await using producer = source.client.producer({ transactionalId: uniqueName('undecided') });
      const transaction = await producer.begin();
      transaction.write({ topic, partition: 0, value: 'undecided' });
      await producer.flush();
      const [latest] = unwrap(await source.admin.listOffsets([{ topic, partition: 0, at: 'latest' }]));
      const end = latest?.offset ?? 0;
      const [ahead, farther] = [uniqueName('ahead'), uniqueName('farther')];
      await put(source.admin, ahead, topic, end);
      await put(source.admin, farther, topic, 2);
      await put(target.admin, farther, topic, 6);
      const results = await mirror.syncGroups();
      assert.deepEqual(results, [
        { ...done, group: ahead, ahead: 1 },
        { ...done, group: farther, skipped: 1 },
      ]);
      assert.equal(await offsetOf(target.admin, ahead, topic), undefined);
      assert.equal(await offsetOf(target.admin, farther, topic), 6);
      assert.ok(fixture.events.some(({ event, group }) => event === 'group_ahead' && group === farther));
      await transaction.commit();
      await until(async () => (await mirror.syncGroups()).every(({ ahead }) => ahead === 0), 30_000);
      const offset = (await offsetOf(target.admin, ahead, topic)) ?? -1;
      assert.deepEqual(await valuesFrom(target.client, topic, offset), await valuesFrom(source.client, topic, end));
    },
  },
];
