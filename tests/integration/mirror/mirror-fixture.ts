/** Two clusters and mirrors between them, for one test: everything is closed when it ends. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Client, unwrap } from '@millrace/client';
import { type Mirror, type MirrorEvent, type MirrorOptions, startMirror } from '@millrace/mirror';
import { type Fixture, quick, startFixture, uniqueName, until } from '../client/client-fixture.ts';

export interface MirrorFixture {
  readonly source: Fixture;
  readonly target: Fixture;
  /** What mirrors told, oldest first. */
  readonly events: MirrorEvent[];
  /** Starts a worker of a mirror. */
  mirror(topics: MirrorOptions['topics'], options?: Partial<MirrorOptions>): Promise<Mirror>;
}

/** What behaviours ask of clusters: that compaction does not wait for long. */
export const configuration = { 'log.cleaner.backoff.ms': '100' };

/** Clusters that run already, to be used instead of embedded ones. */
export interface RunningClusters {
  readonly source?: string | undefined;
  readonly target?: string | undefined;
}

export async function startMirrorFixture(t: TestContext, running: RunningClusters = {}): Promise<MirrorFixture> {
  const mirrors: Mirror[] = [];
  // Before the clusters are.
  t.after(() => Promise.allSettled(mirrors.map((each) => each.close())));
  const source = await startFixture(t, { bootstrap: running.source, configuration });
  const target = await startFixture(t, { bootstrap: running.target, configuration });
  const events: MirrorEvent[] = [];
  const name = uniqueName('mirror');
  return {
    source,
    target,
    events,
    async mirror(topics, options = {}) {
      const mirror = await startMirror({
        name,
        source: { bootstrap: source.bootstrap, ...quick },
        target: { bootstrap: target.bootstrap, ...quick },
        topics,
        shards: 4,
        sharing: { heartbeatIntervalMs: 100 },
        report: (event) => void events.push(event),
        ...options,
      });
      mirrors.push(mirror);
      return mirror;
    },
  };
}

export interface ReadRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly string[];
}

/** All records of a partition as they lie there, for readers of whatever isolation. */
export async function readPartition(
  client: Client,
  topic: string,
  partition: number,
  isolation: 'read_committed' | 'read_uncommitted' = 'read_uncommitted',
): Promise<ReadRecord[]> {
  const assign = [{ topic, partition, offset: 'earliest' as const }];
  await using consumer = client.consumer({ assign, until: 'end', isolation });
  const records: ReadRecord[] = [];
  for await (const record of consumer.records()) {
    const { offset, timestamp, keyBytes, valueBytes, headers } = record;
    const headerTexts = headers.map(({ key, value }) => `${key}=${value && Buffer.from(value).toString('hex')}`);
    records.push({ offset, timestamp, key: textOf(keyBytes), value: textOf(valueBytes), headers: headerTexts });
  }
  return records;
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes && Buffer.from(bytes).toString('latin1');
}

/** Waits until the target holds as many records as the source in each partition, and asserts that they are the same. */
export async function assertMirrored(
  { source, target }: MirrorFixture,
  topic: string,
  partitions: number,
  targetTopic = topic,
): Promise<void> {
  for (let partition = 0; partition < partitions; partition++) {
    const wanted = await readPartition(source.client, topic, partition, 'read_committed');
    const places = [{ topic: targetTopic, partition, at: 'latest' as const }];
    await until(async () => (unwrap(await target.admin.listOffsets(places))[0]?.offset ?? 0) >= wanted.length, 30_000);
    let found: ReadRecord[] = [];
    await until(async () => {
      found = await readPartition(target.client, targetTopic, partition);
      return found.length >= wanted.length;
    }, 30_000);
    assert.deepEqual(found.map(withoutOffset), wanted.map(withoutOffset), `${topic} [${partition}]`);
  }
}

function withoutOffset({ offset: _, ...rest }: ReadRecord): Omit<ReadRecord, 'offset'> {
  return rest;
}
