/** A disk that fails reads: who asks for what lies there is told so, and everybody else is served. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Disk, DiskError, type DiskFile, nodePlatform } from '@millrace/base';
import {
  createTopics,
  deleteRecords,
  errorCodes,
  fetch,
  listOffsets,
  metadata,
  offsetForLeaderEpoch,
  produce,
} from '@millrace/wire';
import type { Cluster } from '../cluster.ts';
import { startCluster } from '../start-cluster.ts';
import { batchOf, valuesOf } from '../testing/cluster-fixture.ts';
import { WirePeer } from '../testing/wire-peer.ts';

/** The machine's disk, on which reads of files whose path holds a text fail. */
class FailingDisk {
  failing: string | undefined;
  readonly disk: Disk = {
    ...nodePlatform.disk,
    open: async (path, options) => this.#wrap(path, await nodePlatform.disk.open(path, options)),
  };

  #wrap(path: string, file: DiskFile): DiskFile {
    return {
      size: () => file.size(),
      read: async (target, position) => {
        if (this.failing !== undefined && path.includes(this.failing)) {
          throw new DiskError('disk_failed', 'read', path, new Error('EIO: i/o error'));
        }
        return file.read(target, position);
      },
      write: (chunks, position) => file.write(chunks, position),
      sync: () => file.sync(),
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
    };
  }
}

async function start(directory: string, disk: Disk, events: string[]): Promise<Cluster> {
  return startCluster({
    name: 'failing',
    dataDirectory: directory,
    brokers: [{ nodeId: 1, port: 0 }],
    platform: { ...nodePlatform, disk },
    // So little that all but the last batch is read from files.
    tailBytesMax: 1,
    report: ({ message }) => events.push(message),
  });
}

test('a read error is answered KAFKA_STORAGE_ERROR on a connection that goes on, and passes', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-eio-'));
  const failing = new FailingDisk();
  const events: string[] = [];
  const cluster = await start(directory, failing.disk, events);
  const peer = await WirePeer.connect(cluster.brokers[0]?.port ?? 0);
  try {
    for (const name of ['broken', 'sound']) {
      const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
      await peer.request(createTopics, { topics: [topic], timeoutMs: 1000 });
      for (const value of ['a', 'b', 'c']) assert.equal((await produceTo(peer, name, value)).errorCode, 0);
    }
    failing.failing = '/broken.';
    const partition = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 };
    const topics = ['broken', 'sound'].map((topic) => ({ topic, partitions: [partition] }));
    const read = async () => {
      const draft = { maxWaitMs: 1000, minBytes: 1, maxBytes: 1000, topics };
      const { responses } = await peer.request(fetch, draft, 12);
      return responses.map(({ topic, partitions: [found] }) => [
        topic,
        found?.errorCode,
        valuesOf(found?.records ?? null).join(''),
      ]);
    };
    const { KAFKA_STORAGE_ERROR } = errorCodes;
    assert.deepEqual(await read(), [
      ['broken', KAFKA_STORAGE_ERROR, ''],
      ['sound', 0, 'abc'],
    ]);
    assert.match(events.join('\n'), /could not read broken-0: .*EIO/);
    const search = { name: 'broken', partitions: [{ partitionIndex: 0, timestamp: 1 }] };
    const searched = await peer.request(listOffsets, { replicaId: -1, isolationLevel: 0, topics: [search] }, 7);
    assert.equal(searched.topics[0]?.partitions[0]?.errorCode, KAFKA_STORAGE_ERROR);
    const epochs = [{ topic: 'broken', partitions: [{ partition: 0, leaderEpoch: 0 }] }];
    const epoch = await peer.request(offsetForLeaderEpoch, { topics: epochs });
    assert.ok([0, KAFKA_STORAGE_ERROR].includes(epoch.topics[0]?.partitions[0]?.errorCode ?? -1));
    const deletions = [{ name: 'broken', partitions: [{ partitionIndex: 0, offset: 1 }] }];
    const deleted = await peer.request(deleteRecords, { topics: deletions, timeoutMs: 1000 });
    assert.equal(deleted.topics[0]?.partitions[0]?.errorCode, 0, 'what needs no read is done');
    assert.equal((await produceTo(peer, 'broken', 'd')).errorCode, 0);
    assert.equal((await peer.request(metadata, { topics: [] })).brokers.length, 1);
    assert.equal(peer.closed, false);
    failing.failing = undefined;
    partition.fetchOffset = 1;
    assert.deepEqual(await read(), [
      ['broken', 0, 'bcd'],
      ['sound', 0, 'bc'],
    ]);
  } finally {
    peer[Symbol.dispose]();
    await cluster.close();
    await rm(directory, { recursive: true, force: true });
  }
});

async function produceTo(peer: WirePeer, topic: string, value: string) {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records: batchOf({ values: [value] }) }] }];
  const answer = await peer.request(produce, { acks: -1, timeoutMs: 1000, topicData }, 12);
  const result = answer.responses[0]?.partitionResponses[0];
  assert.ok(result);
  return result;
}
