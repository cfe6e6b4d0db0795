/**
 * A program that copies one topic to another exactly once: batches, and how far the group is with them, in
 * transactions. It is killed, halted and cut off by those who run it, and goes on whatever it is told except
 * that it is fenced.
 *
 * Prints a line for each thing that happened. Ends with 3 when its producer is fenced, with 0 after SIGTERM, and with
 * any other code when something happened that should not have.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandomness } from '@millrace/base';
import { type ConsumerBatch, createClient, text, topic } from '@millrace/client';
import { proxiedPlatform, type Routes } from './proxied-network.ts';

export interface TransformerSettings {
  readonly bootstrap: string;
  readonly routes: Routes;
  readonly input: string;
  readonly output: string;
  readonly group: string;
  readonly transactionalId: string;
  /** Written into each record, to tell who wrote what. */
  readonly by: string;
  readonly protocol: 'classic' | 'consumer';
  readonly sessionTimeoutMs: number;
  readonly transactionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly partitionBytesMax: number;
  /** How long the work on a batch takes at most, in its transaction. */
  readonly workMsMax: number;
  /** Of 100 pieces of work, how many fail for a reason of their own, after they have written. */
  readonly failingPercent: number;
  readonly seed: number;
  /** Planted before this file is loaded (`plant-bug.ts`). */
  readonly bug?: string | undefined;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as TransformerSettings;
const random = seededRandomness(settings.seed);
const input = topic(settings.input, { key: text, value: text });
const output = topic(settings.output, { key: text, value: text });

/** A failure of the work, not of Kafka. */
class WorkFailed extends Error {}

function tell(event: string, detail: string | number = ''): void {
  process.stdout.write(`${event} ${detail}\n`);
}

const client = createClient({
  bootstrap: settings.bootstrap,
  platform: proxiedPlatform(settings.routes),
  requestTimeoutMs: settings.requestTimeoutMs,
  connectTimeoutMs: settings.requestTimeoutMs,
  retryBackoffMs: 20,
  retryBackoffMaxMs: 300,
  report: ({ level, event, message }) => {
    if (level !== 'info') process.stderr.write(`${new Date().toISOString()} ${event}: ${message}\n`);
  },
});
const { transactionalId, transactionTimeoutMs } = settings;
const producer = client.producer({ transactionalId, transactionTimeoutMs, deliveryTimeoutMs: 10_000 });
const consumer = client.consumer({
  group: settings.group,
  topics: [input],
  from: 'earliest',
  commit: 'manual',
  isolation: 'read_committed',
  partitionBytesMax: settings.partitionBytesMax,
  ...(settings.protocol === 'consumer'
    ? { protocol: 'consumer' as const }
    : { sessionTimeoutMs: settings.sessionTimeoutMs, heartbeatIntervalMs: 300 }),
});
process.once('SIGTERM', () => void consumer.close());

async function copy(batch: ConsumerBatch<typeof input>): Promise<number> {
  const fails = random.integer(100) < settings.failingPercent;
  // A consumer goes back only to where a transaction has taken its offsets from.
  const offsetsFirst = fails || random.integer(2) === 0;
  return producer.transaction(async (transaction) => {
    const sendOffsets = (): Promise<void> => transaction.sendOffsets(consumer);
    if (offsetsFirst) await sendOffsets();
    let count = 0;
    for (const { key, value } of batch) {
      const headers = { by: settings.by };
      transaction.write({ topic: output, key, value, partition: batch.partition, headers });
      count += 1;
    }
    // Whoever is halted here has a transaction open and may have lost its partitions when it goes on.
    tell('working');
    await sleep(random.integer(settings.workMsMax));
    if (fails) {
      await producer.flush();
      throw new WorkFailed('the work failed');
    }
    if (!offsetsFirst) await sendOffsets();
    return count;
  });
}

tell('ready');
for await (const batch of consumer) {
  try {
    tell('committed', await copy(batch));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = error instanceof WorkFailed ? 'work' : (error as { readonly code?: unknown }).code;
    // Without a code it is a bug, and not something that clusters do.
    if (typeof code !== 'string') throw error;
    process.stderr.write(`${new Date().toISOString()} ${code}: ${error.message}\n`);
    tell('failed', code);
    if (code === 'producer_fenced') process.exit(3);
  }
}
await client.close();
