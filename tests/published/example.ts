/**
 * What somebody writes first who has installed the packages: an embedded cluster, a topic with types, a record in and
 * out.
 *
 * `tools/pack.ts` compiles and runs it in an empty folder against the packed packages. It prints one line and fails
 * when what comes out is not what went in.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, json, text, topic } from '@millrace/client';
import { defaultClusters, openDataDirectory, startEmbeddedFleet } from '@millrace/engines';

const orders = topic('orders', { key: text, value: json<{ total: number }>() });

const folder = await mkdtemp(join(tmpdir(), 'millrace-example-'));
try {
  const dataDirectory = await openDataDirectory(folder, { purpose: 'the example' });
  const clusters = defaultClusters({ freePorts: true }).slice(0, 1);
  const fleet = await startEmbeddedFleet({ dataDirectory, clusters });
  const client = createClient({ bootstrap: fleet.clusters.map(({ bootstrap }) => bootstrap).join() });
  try {
    await client.admin().createTopics([{ topic: orders.name, partitions: 3 }]);
    const sent = await client.producer().send({ topic: orders, key: 'first', value: { total: 42 } });
    const read: string[] = [];
    for await (const batch of client.consumer({ topics: [orders], from: 'earliest', until: 'end' })) {
      for (const record of batch) read.push(`${record.key} ${record.value.total}`);
    }
    assert.deepEqual(read, ['first 42']);
    process.stdout.write(`example: wrote and read one order at offset ${sent.offset}\n`);
  } finally {
    await client.close();
    await fleet.close();
    await dataDirectory.close();
  }
} finally {
  await rm(folder, { recursive: true });
}
