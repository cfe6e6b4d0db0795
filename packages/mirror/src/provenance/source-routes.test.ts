import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCluster } from '@millrace/client/protocol';
import { RecordBatchBuilder } from '@millrace/wire';
import { OriginList } from './origin-list.ts';
import { SourceRoutes } from './source-routes.ts';

const stranger = { producerId: 7, producerEpoch: 0, baseSequence: 0 };

function batchOf(more: { readonly control?: boolean; readonly transactional?: boolean }): Uint8Array {
  const builder = new RecordBatchBuilder();
  builder.append(1, new Uint8Array(4), new Uint8Array(6));
  return builder.build({ ...stranger, ...more });
}

test('nobody is asked whose a marker is, so that its id is not taken for a stranger', async () => {
  // Nothing listens there: what is asked fails.
  const { client, cluster } = openCluster({ bootstrap: '127.0.0.1:1' });
  const bounds = { signal: AbortSignal.abort() };
  const routes = new SourceRoutes(cluster, new OriginList(cluster, {}), bounds);
  const partition = routes.of({ topic: 'orders', partition: 0 }, { isLeftOut: () => false });
  assert.equal(partition.prepare(batchOf({ control: true, transactional: true })), undefined);
  await assert.rejects(partition.prepare(batchOf({})) ?? Promise.resolve());
  await client.close();
});
