/** What a mirror does when its source loses the ends of logs, and writes others. */
import assert from 'node:assert/strict';
import { type Client, unwrap } from '@millrace/client';
import type { Mirror } from '@millrace/mirror';
import { until } from '../client/client-fixture.ts';
import { assertMirrored, type MirrorFixture, readPartition } from './mirror-fixture.ts';

/** A source whose broker can be stopped at once. */
export interface TruncationFixture extends MirrorFixture {
  /** Creates the one topic that is copied, of one partition. */
  createTopic(): Promise<string>;
  /** Stops the source, cuts the topic's log before an offset where one is given, and starts it again. */
  restartSource(topic: string, cutAt?: number): Promise<void>;
}

export interface TruncationBehaviour {
  readonly name: string;
  run(fixture: TruncationFixture): Promise<void>;
}

/** Each value becomes a batch of its own. */
async function write(client: Client, topic: string, values: string): Promise<void> {
  await using producer = client.producer();
  for (const value of values.split(' ')) await producer.send({ topic, partition: 0, value });
}

async function valuesAt({ client }: MirrorFixture['target'], topic: string): Promise<string> {
  return (await readPartition(client, topic, 0)).map(({ value }) => value).join(' ');
}

/** The offset from which on the copies are told to differ. */
async function toldOffset({ events }: MirrorFixture): Promise<number> {
  await until(() => events.some(({ event }) => event === 'source_truncated'), 60_000);
  const message = events.find(({ event }) => event === 'source_truncated')?.message ?? '';
  return Number(/from offset (\d+) on the source has lost/.exec(message)?.[1]);
}

async function copied(fixture: MirrorFixture, topic: string): Promise<Mirror> {
  const mirror = await fixture.mirror([topic]);
  await assertMirrored(fixture, topic, 1);
  return mirror;
}

/** The end of the source as a reader sees it, once its broker serves again. */
async function sourceEnd({ source }: MirrorFixture, topic: string): Promise<number> {
  return unwrap(await source.admin.listOffsets([{ topic, partition: 0, at: 'latest' }]))[0]?.offset ?? -1;
}

export const truncationBehaviours: readonly TruncationBehaviour[] = [
  {
    name: 'records that the source wrote where it had lost copied ones are not taken for what follows',
    async run(fixture) {
      const { source, target } = fixture;
      const topic = await fixture.createTopic();
      await write(source.client, topic, 'a b c d e');
      await (await copied(fixture, topic)).close();
      await fixture.restartSource(topic, 3);
      assert.equal(await sourceEnd(fixture, topic), 3);
      await write(source.client, topic, 'D E F G');
      await fixture.mirror([topic]);
      assert.equal(await toldOffset(fixture), 3);
      assert.equal(await valuesAt(target, topic), 'a b c d e', 'nothing of the new records is copied');
    },
  },
  {
    name: 'it is told while the mirror runs, and from which offset on over several leader epochs',
    async run(fixture) {
      const { source, target } = fixture;
      const topic = await fixture.createTopic();
      await write(source.client, topic, 'a b c');
      await copied(fixture, topic);
      await fixture.restartSource(topic);
      await write(source.client, topic, 'd e');
      await assertMirrored(fixture, topic, 1);
      await fixture.restartSource(topic);
      await write(source.client, topic, 'f');
      await assertMirrored(fixture, topic, 1);
      assert.deepEqual(
        fixture.events.filter(({ event }) => event === 'source_truncated'),
        [],
        'that leaders change is no loss',
      );
      await fixture.restartSource(topic, 2);
      await write(source.client, topic, 'C D E F G');
      assert.equal(await toldOffset(fixture), 2);
      assert.equal(await valuesAt(target, topic), 'a b c d e f');
    },
  },
  {
    name: 'what was lost before it was copied does not stop the partition',
    async run(fixture) {
      const { source, target } = fixture;
      const topic = await fixture.createTopic();
      await write(source.client, topic, 'a b c');
      await (await copied(fixture, topic)).close();
      await write(source.client, topic, 'd e');
      await fixture.restartSource(topic, 3);
      await write(source.client, topic, 'D E F');
      await copied(fixture, topic);
      assert.equal(await valuesAt(target, topic), 'a b c D E F');
      assert.deepEqual(
        fixture.events.filter(({ event }) => event === 'source_truncated'),
        [],
      );
    },
  },
];
