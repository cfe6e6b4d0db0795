/** What a mirror does with topics that come, grow, change and go, between any two clusters. */
import assert from 'node:assert/strict';
import { type Admin, type Client, unwrap } from '@millrace/client';
import type { Mirror } from '@millrace/mirror';
import { uniqueName, until } from '../client/client-fixture.ts';
import type { MirrorBehaviour } from './behaviours.ts';
import { assertMirrored, type MirrorFixture, readPartition } from './mirror-fixture.ts';

async function fill(client: Client, topic: string, partitions: number, name: string, count = 100): Promise<void> {
  await using producer = client.producer();
  for (let n = 0; n < count; n++) producer.write({ topic, partition: n % partitions, value: `${name} ${n}` });
  await producer.flush();
}

/** What each topic has that a mirror makes. */
const allTimes = {
  'message.timestamp.after.max.ms': '9223372036854775807',
  'message.timestamp.before.max.ms': '9223372036854775807',
};

/** What is set for the topic itself. */
async function configurationOf(admin: Admin, topic: string): Promise<Record<string, string | null>> {
  const [described] = unwrap(await admin.describeConfigs([{ type: 'topic', name: topic }]));
  const set = described?.entries.filter(({ source }) => source === 'topic') ?? [];
  return Object.fromEntries(set.map(({ name, value }) => [name, value]));
}

async function values(client: Client, topic: string, partition = 0): Promise<(string | null)[]> {
  return (await readPartition(client, topic, partition)).map(({ value }) => value);
}

/** Waits until a worker has copied all of so many partitions at least. */
async function caughtUp(mirror: Mirror, partitions: number): Promise<void> {
  await until(() => {
    const status = mirror.status();
    return status.length >= partitions && status.every(({ lag }) => lag === 0);
  }, 30_000);
}

/** A topic that was copied, was deleted and is there again with other records under the same name. */
async function recreate(
  fixture: MirrorFixture,
  recreatedTopics: 'stop' | 'continue',
  isRunning: boolean,
): Promise<void> {
  const { source, target, events } = fixture;
  const topic = await source.createTopic(1);
  const other = await source.createTopic(4);
  await fill(source.client, topic, 1, 'old', 10);
  await fill(source.client, other, 4, 'other');
  let mirror = await fixture.mirror([topic, other], { recreatedTopics });
  await assertMirrored(fixture, topic, 1);
  const old = await values(target.client, topic);
  if (!isRunning) await mirror.close();
  unwrap(await source.admin.deleteTopics([topic]));
  unwrap(await source.admin.createTopics([{ topic, partitions: 1 }]));
  // More than before, so that the old place lies within the new topic.
  await fill(source.client, topic, 1, 'new', 40);
  if (isRunning) await mirror.syncTopics();
  else mirror = await fixture.mirror([topic, other], { recreatedTopics });
  await until(() => events.some((event) => event.event === 'topic_recreated' && event.topic === topic), 30_000);
  const continued = recreatedTopics === 'continue';
  await caughtUp(mirror, continued ? 5 : 4);
  await fill(source.client, other, 4, 'more');
  await assertMirrored(fixture, other, 4);
  const wanted = () => (continued ? values(source.client, topic) : Promise.resolve([]));
  assert.deepEqual(await values(target.client, topic), [...old, ...(await wanted())]);
  // The journal knows which topic it was.
  await mirror.close();
  await fill(source.client, topic, 1, 'newer', 10);
  mirror = await fixture.mirror([topic, other], { recreatedTopics });
  await caughtUp(mirror, continued ? 5 : 4);
  assert.deepEqual(await values(target.client, topic), [...old, ...(await wanted())]);
  if (!continued) return;
  unwrap(await source.admin.commitOffsets('moving', [{ topic, partition: 0, offset: 45 }]));
  await mirror.syncGroups();
  const [stored] = unwrap(await target.admin.fetchOffsets('moving'));
  const read = (await readPartition(target.client, topic, 0)).filter(({ offset }) => offset >= (stored?.offset ?? 0));
  assert.deepEqual(
    read.map(({ value }) => value),
    (await wanted()).slice(45),
  );
}

export const topicBehaviours: readonly MirrorBehaviour[] = [
  {
    name: 'topics that come are copied when a pattern matches them, while others go on undisturbed',
    async run(fixture) {
      const { source, target, events } = fixture;
      const prefix = uniqueName('orders');
      unwrap(await source.admin.createTopics([{ topic: `${prefix}.a`, partitions: 3 }]));
      await fill(source.client, `${prefix}.a`, 3, 'a');
      const mirror = await fixture.mirror([new RegExp(`${prefix}\\..*`)], { rename: (name) => `east.${name}` });
      await assertMirrored(fixture, `${prefix}.a`, 3, `east.${prefix}.a`);
      const opened = events.filter(({ event }) => event === 'shard_opened').length;
      const configuration = { 'retention.ms': '86400000' };
      unwrap(await source.admin.createTopics([{ topic: `${prefix}.b`, partitions: 5, configuration }]));
      await fill(source.client, `${prefix}.b`, 5, 'b');
      await mirror.syncTopics();
      assert.deepEqual(mirror.topics, [`${prefix}.a`, `${prefix}.b`]);
      await assertMirrored(fixture, `${prefix}.b`, 5, `east.${prefix}.b`);
      assert.deepEqual(await configurationOf(target.admin, `east.${prefix}.b`), { ...allTimes, ...configuration });
      await fill(source.client, `${prefix}.a`, 3, 'more');
      await assertMirrored(fixture, `${prefix}.a`, 3, `east.${prefix}.a`);
      // A shard that had no partition is opened; none that had some is opened again.
      const shards = events.filter(({ event }) => event === 'shard_opened').length;
      assert.equal(shards, 4);
      assert.ok(opened < shards);
      assert.deepEqual(
        events.filter(({ level }) => level !== 'info'),
        [],
      );
    },
  },
  {
    name: 'a mirror that begins with the latest records copies all of what comes later',
    async run(fixture) {
      const { source, target } = fixture;
      const prefix = uniqueName('late');
      unwrap(await source.admin.createTopics([{ topic: `${prefix}.a`, partitions: 1 }]));
      await fill(source.client, `${prefix}.a`, 1, 'before', 10);
      const mirror = await fixture.mirror([new RegExp(`${prefix}\\..*`)], { begin: 'latest' });
      await caughtUp(mirror, 1);
      unwrap(await source.admin.createTopics([{ topic: `${prefix}.b`, partitions: 1 }]));
      unwrap(await source.admin.createPartitions([{ topic: `${prefix}.a`, totalCount: 2 }]));
      await fill(source.client, `${prefix}.b`, 1, 'all', 10);
      await fill(source.client, `${prefix}.a`, 2, 'later', 10);
      await mirror.syncTopics();
      await caughtUp(mirror, 3);
      assert.deepEqual(await values(target.client, `${prefix}.b`), await values(source.client, `${prefix}.b`));
      assert.deepEqual(await values(target.client, `${prefix}.a`, 1), await values(source.client, `${prefix}.a`, 1));
      assert.deepEqual(
        await values(target.client, `${prefix}.a`, 0),
        (await values(source.client, `${prefix}.a`, 0)).slice(10),
      );
    },
  },
  {
    name: "a topic that can't be made on the target is told of once, and holds up no other",
    async run(fixture) {
      const { source, events } = fixture;
      const prefix = uniqueName('named');
      unwrap(await source.admin.createTopics([{ topic: `${prefix}.a`, partitions: 1 }]));
      const mirror = await fixture.mirror([new RegExp(`${prefix}\\..*`)], {
        rename: (name) => (name.endsWith('.b') ? 'not/a/name' : name),
      });
      const added = ['a.more', 'b', 'c'].map((name) => ({ topic: `${prefix}.${name}`, partitions: 1 }));
      unwrap(await source.admin.createTopics(added));
      await mirror.syncTopics();
      await mirror.syncTopics();
      assert.deepEqual(mirror.topics, [`${prefix}.a`, `${prefix}.a.more`, `${prefix}.c`]);
      await fill(source.client, `${prefix}.c`, 1, 'goes on');
      await assertMirrored(fixture, `${prefix}.c`, 1);
      const told = events.filter(({ event }) => event === 'topic_failed').map(({ topic }) => topic);
      assert.deepEqual(told, [`${prefix}.b`]);
    },
  },
  {
    name: 'partitions that are added on the source are added on the target and copied, also after a restart',
    async run(fixture) {
      const { source, target } = fixture;
      const topic = await source.createTopic(2);
      await fill(source.client, topic, 2, 'two');
      const mirror = await fixture.mirror([topic]);
      await assertMirrored(fixture, topic, 2);
      unwrap(await source.admin.createPartitions([{ topic, totalCount: 6 }]));
      // A broker of Apache Kafka learns of it a moment later.
      const count = async (): Promise<number | undefined> =>
        unwrap(await source.admin.describeTopics([topic]))[0]?.partitions.length;
      await until(async () => (await count()) === 6);
      await fill(source.client, topic, 6, 'six', 600);
      await mirror.syncTopics();
      await assertMirrored(fixture, topic, 6);
      const [described] = unwrap(await target.admin.describeTopics([topic]));
      assert.equal(described?.partitions.length, 6);
      await mirror.close();
      await fill(source.client, topic, 6, 'again', 600);
      await fixture.mirror([topic]);
      await assertMirrored(fixture, topic, 6);
    },
  },
  {
    name: 'workers share what comes, whoever sees it first, and each carries the groups of its own partitions',
    async run(fixture) {
      const { source, target } = fixture;
      const prefix = uniqueName('shared');
      const [old, added] = [`${prefix}.old`, `${prefix}.added`];
      unwrap(await source.admin.createTopics([{ topic: old, partitions: 4 }]));
      await fill(source.client, old, 4, 'old');
      const topics = [new RegExp(`${prefix}\\..*`)];
      const workers = [await fixture.mirror(topics), await fixture.mirror(topics)];
      const [first, second] = workers as [Mirror, Mirror];
      await until(() => workers.every(({ assignedPartitions }) => assignedPartitions === 2), 30_000);
      unwrap(await source.admin.createTopics([{ topic: added, partitions: 4 }]));
      await fill(source.client, added, 4, 'added');
      await first.syncTopics();
      await caughtUp(first, 4);
      // The other one takes all over, and does not know the new topic yet; the records that come meanwhile wait.
      await first.close();
      await caughtUp(second, 4);
      await fill(source.client, added, 4, 'meanwhile');
      await second.syncTopics();
      await caughtUp(second, 8);
      await assertMirrored(fixture, added, 4);
      await assertMirrored(fixture, old, 4);
      const third = await fixture.mirror(topics);
      await until(() => [second, third].every(({ assignedPartitions }) => assignedPartitions === 4), 30_000);
      await Promise.all([caughtUp(second, 4), caughtUp(third, 4)]);
      const group = uniqueName('reading');
      const offsets = [0, 1, 2, 3].map((partition) => ({ topic: added, partition, offset: 10 + partition }));
      unwrap(await source.admin.commitOffsets(group, offsets));
      const results = await Promise.all([second, third].map((worker) => worker.syncGroups()));
      const synced = results.flat().filter((result) => result.group === group);
      assert.deepEqual(
        synced.map((result) => result.synced),
        [2, 2],
      );
      const stored = unwrap(await target.admin.fetchOffsets(group));
      assert.deepEqual(stored.map(({ offset }) => offset).sort(), [10, 11, 12, 13]);
    },
  },
  {
    name: 'changes of configuration are carried over; what an operator set on the target alone stays',
    async run(fixture) {
      const { source, target } = fixture;
      const topic = await source.createTopic(1, { 'retention.ms': '86400000', 'max.message.bytes': '500000' });
      const mirror = await fixture.mirror([topic]);
      const resource = { type: 'topic' as const, name: topic };
      const own = { name: 'segment.bytes', operation: 'set' as const, value: '20000000' };
      unwrap(await target.admin.incrementalAlterConfigs([{ ...resource, changes: [own] }]));
      await mirror.syncTopics();
      const changes = [
        { name: 'retention.ms', operation: 'set' as const, value: '90000000' },
        { name: 'max.message.bytes', operation: 'delete' as const },
        { name: 'cleanup.policy', operation: 'set' as const, value: 'compact' },
        // Is the target's own affair.
        { name: 'min.insync.replicas', operation: 'set' as const, value: '1' },
      ];
      unwrap(await source.admin.incrementalAlterConfigs([{ ...resource, changes }]));
      await mirror.syncTopics();
      assert.deepEqual(await configurationOf(target.admin, topic), {
        ...allTimes,
        'retention.ms': '90000000',
        'cleanup.policy': 'compact',
        'segment.bytes': '20000000',
      });
    },
  },
  {
    name: 'a topic that is deleted on the source stays on the target, and is copied no more',
    async run(fixture) {
      const { source, target, events } = fixture;
      const topic = await source.createTopic(2);
      const other = await source.createTopic(2);
      await fill(source.client, topic, 2, 'kept');
      const mirror = await fixture.mirror([topic, other]);
      await assertMirrored(fixture, topic, 2);
      unwrap(await source.admin.deleteTopics([topic]));
      await mirror.syncTopics();
      assert.deepEqual(mirror.topics, [other]);
      assert.deepEqual(
        events.filter(({ event }) => event === 'topic_deleted').map((event) => event.topic),
        [topic],
      );
      assert.ok(mirror.status().every((each) => each.topic === other));
      assert.equal((await values(target.client, topic, 0)).length, 50);
      await fill(source.client, other, 2, 'other');
      await assertMirrored(fixture, other, 2);
    },
  },
  {
    name: 'that a cluster has no authorizer is told once',
    async run(fixture) {
      const topic = await fixture.source.createTopic(1);
      const mirror = await fixture.mirror([topic], { acls: true });
      await mirror.syncTopics();
      await mirror.syncTopics();
      const told = fixture.events.filter(({ event }) => event === 'acls_failed').map(({ level }) => level);
      assert.deepEqual(told, ['warn']);
    },
  },
  ...(['stop', 'continue'] as const).flatMap((policy) => {
    const becomes = policy === 'stop' ? 'stops' : 'is copied behind the old one';
    return [true, false].map((isRunning) => {
      const topic = isRunning
        ? 'a topic that is made anew while it is copied'
        : 'a topic made anew while no mirror ran';
      return { name: `${topic} ${becomes}`, run: (fixture: MirrorFixture) => recreate(fixture, policy, isRunning) };
    });
  }),
];
