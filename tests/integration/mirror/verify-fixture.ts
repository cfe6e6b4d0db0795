/** Two clusters with a topic on each, written batch by batch, for the tests of `verifyTopic`. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { unwrap } from '@millrace/client';
import { type Cluster, openCluster } from '@millrace/client/protocol';
import {
  type OffsetRun,
  PartitionOffsetMap,
  type PartitionVerification,
  type TopicVerification,
  type VerifyOptions,
  verifyTopic,
} from '@millrace/mirror';
import { type Compression, type HeaderInput, produce, RecordBatchBuilder } from '@millrace/wire';
import { type Fixture, quick, startFixture, uniqueName } from '../client/client-fixture.ts';

export interface WrittenRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers?: readonly HeaderInput[];
  readonly timestamp?: number;
}

export type Side = 'source' | 'target';

export interface VerifyFixture {
  readonly source: Fixture;
  readonly target: Fixture;
  /** The same on both sides. */
  readonly topic: string;
  /** Appends records as batches of `perBatch`, by default all in one. */
  write(side: Side, records: readonly WrittenRecord[], manner?: WriteManner): Promise<void>;
  verify(options?: Partial<VerifyOptions>): Promise<TopicVerification>;
  /** What is said of partition 0, or of another one. */
  verifyPartition(options?: Partial<VerifyOptions>, partition?: number): Promise<PartitionVerification>;
}

export interface WriteManner {
  readonly perBatch?: number;
  readonly compression?: Compression;
  readonly partition?: number;
}

export interface VerifyFixtureOptions {
  readonly sourcePartitions?: number;
  readonly targetPartitions?: number;
  readonly configuration?: Record<string, string>;
}

export async function startVerifyFixture(t: TestContext, options: VerifyFixtureOptions = {}): Promise<VerifyFixture> {
  const fixtures = { source: await startFixture(t), target: await startFixture(t) };
  const { source, target } = fixtures;
  const topic = uniqueName('verified');
  const { configuration = {}, sourcePartitions = 1, targetPartitions = sourcePartitions } = options;
  unwrap(await source.admin.createTopics([{ topic, partitions: sourcePartitions, configuration }]));
  unwrap(await target.admin.createTopics([{ topic, partitions: targetPartitions, configuration }]));
  const open = ({ bootstrap }: Fixture): Cluster => {
    const { client, cluster } = openCluster({ bootstrap, ...quick });
    t.after(() => client.close());
    return cluster;
  };
  const clusters = { source: open(source), target: open(target) };
  const verify = (extra: Partial<VerifyOptions> = {}): Promise<TopicVerification> =>
    verifyTopic({
      source: { cluster: clusters.source, topic },
      target: { cluster: clusters.target, topic },
      ...extra,
    });
  return {
    source,
    target,
    topic,
    verify,
    async write(side, records, { perBatch = records.length, compression = 'none', partition = 0 } = {}) {
      for (let at = 0; at < records.length; at += perBatch) {
        const batch = batchOf(records.slice(at, at + perBatch), compression);
        await append(clusters[side], topic, partition, batch);
      }
    },
    async verifyPartition(extra = {}, partition = 0) {
      const { partitions } = await verify(extra);
      const found = partitions.find((each) => each.partition === partition);
      assert.ok(found);
      return found;
    },
  };
}

/** Records whose keys and values tell their number, a ms apart. */
export function numbered(count: number, from = 0): WrittenRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `key ${from + index}`,
    value: `value ${from + index}`,
    timestamp: time(from + index),
  }));
}

export function time(number: number): number {
  return 1_700_000_000_000 + number;
}

export function mapOf(...runs: readonly OffsetRun[]): PartitionOffsetMap {
  const map = new PartitionOffsetMap();
  for (const run of runs) map.append(run);
  return map;
}

function batchOf(records: readonly WrittenRecord[], compression: Compression): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (const { key, value, headers = [], timestamp = time(0) } of records)
    builder.append(timestamp, key, value, headers);
  return builder.build({ compression });
}

async function append(cluster: Cluster, topic: string, partition: number, records: Uint8Array): Promise<void> {
  const { partitions } = await cluster.metadata.topic(topic, false, {});
  const connection = await cluster.pool.connect(partitions[partition]?.leader ?? -1);
  const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
  const { responses } = await connection.request(
    produce,
    { acks: -1, timeoutMs: 10_000, topicData },
    { versionMax: 12 },
  );
  assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 0);
}

/** What a partition says of itself when nothing is wrong with it. */
export const equal = { isEqual: true, changed: 0, misplaced: 0, onlyInSource: 0, onlyInTarget: 0, lag: 0 };

/** Compares what is named of a partition's figures. */
export function assertCounts(found: PartitionVerification, expected: Partial<PartitionVerification>): void {
  const counts = Object.fromEntries(
    Object.keys(expected).map((name) => [name, found[name as keyof PartitionVerification]]),
  );
  assert.deepEqual(counts, expected, found.firstDifference?.sentence);
  assert.equal(found.isEqual, found.firstDifference === undefined);
}
