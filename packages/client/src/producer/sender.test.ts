import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { produce } from '@millrace/wire';
import { Cluster } from '../cluster.ts';
import { clientSettings } from '../settings.ts';
import { ScriptedBroker } from '../testing/scripted-network.ts';
import { Accumulator } from './accumulator.ts';
import { BuilderPool } from './builder-pool.ts';
import { Deliveries } from './deliveries.ts';
import { FlushBarriers } from './flush-barriers.ts';
import { MemoryBudget } from './memory-budget.ts';
import { PartitionQueue } from './partition-queue.ts';
import { producerSettings } from './producer-settings.ts';
import { Sender } from './sender.ts';

test('a sender that is closed just when its connection opens does not open another', async (t) => {
  const broker = new ScriptedBroker().on(produce, () => 'silence');
  const closed: string[] = [];
  const cluster = new Cluster(
    clientSettings({
      bootstrap: 'broker:9092',
      platform: broker.network.platform,
      retryBackoffMs: 1,
      report: ({ event }) => {
        if (event !== 'connected') return;
        sender.close([queue]);
        closed.push(event);
      },
    }),
  );
  t.after(() => cluster.close());
  cluster.pool.setNode({ nodeId: 1, host: 'broker', port: 9092 });
  const settings = producerSettings({
    idempotent: false,
    onDelivery: ({ error }) => closed.push(error?.name ?? 'none'),
  });
  const [budget, builders, barriers] = [new MemoryBudget(2 ** 20), new BuilderPool(2 ** 20), new FlushBarriers()];
  const deliveries = new Deliveries(settings, budget, builders, barriers);
  const { platform } = cluster.settings;
  const offer = (each: PartitionQueue): void => sender.offer(each);
  const accumulator = new Accumulator({ platform, settings, budget, builders, barriers, deliveries, offer });
  const sender = new Sender(cluster, settings, accumulator, deliveries, undefined);
  const queue = new PartitionQueue('topic', 0);
  queue.leader = 1;
  accumulator.append(queue, 1, null, 'value', [], undefined);
  while (closed.length < 2) await setTimeout(1);
  await setTimeout(20);
  assert.deepEqual(closed, ['DeliveryError', 'connected']);
  assert.deepEqual(
    broker.network.peers.map(({ isEnded }) => isEnded),
    [true],
  );
});
