/**
 * A program that reads topics as a member of a group, and prints for each batch that it has handled
 * `handled TOPIC PARTITION FIRST NEXT GENERATION MEMBER`: offsets, and as whom it got the batch. Ends after SIGTERM.
 */
import { createClient } from '@millrace/client';
import { proxiedPlatform, type Routes } from './proxied-network.ts';

export interface ReaderSettings {
  readonly bootstrap: string;
  readonly routes: Routes;
  readonly topics: readonly string[];
  readonly group: string;
  readonly protocol: 'classic' | 'consumer';
  readonly instanceId?: string | undefined;
  /** Of the classic protocol. Default 3,000. */
  readonly sessionTimeoutMs?: number | undefined;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as ReaderSettings;
const client = createClient({
  bootstrap: settings.bootstrap,
  platform: proxiedPlatform(settings.routes),
  requestTimeoutMs: 2000,
  connectTimeoutMs: 2000,
  retryBackoffMs: 20,
  retryBackoffMaxMs: 300,
});
const { topics, group, protocol, instanceId, sessionTimeoutMs = 3000 } = settings;
const consumer = client.consumer({
  group,
  topics,
  instanceId,
  from: 'earliest',
  commitIntervalMs: 300,
  partitionBytesMax: 3000,
  ...(protocol === 'consumer' ? { protocol } : { sessionTimeoutMs, heartbeatIntervalMs: 300 }),
});
process.once('SIGTERM', () => void consumer.close());
for await (const { topic, partition, firstOffset, nextOffset } of consumer) {
  const { generationId, memberId } = consumer.groupOffsets();
  await new Promise((resolve) => setImmediate(resolve));
  const as = `${generationId} ${memberId}`;
  process.stdout.write(`handled ${topic} ${partition} ${firstOffset} ${nextOffset} ${as}\n`);
}
await client.close();
