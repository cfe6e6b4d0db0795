/**
 * A program that copies one topic to another exactly once: each batch, and how far the group is with it, in one
 * transaction. Run by `exactly-once.test.ts`, which kills it. Arguments: bootstrap, input, output, group,
 * transactional id, protocol.
 */
import { createClient, text, topic } from '@millrace/client';

const [bootstrap = '', from = '', to = '', group = '', transactionalId = '', protocol = 'classic'] =
  process.argv.slice(2);
const input = topic(from, { key: text, value: text });
const output = topic(to, { key: text, value: text });

const client = createClient({ bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 200 });
const producer = client.producer({ transactionalId });
const consumer = client.consumer({
  group,
  topics: [input],
  from: 'earliest',
  commit: 'manual',
  isolation: 'read_committed',
  partitionBytesMax: 2_000,
  ...(protocol === 'consumer'
    ? { protocol: 'consumer' as const }
    : { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 100, assignor: 'cooperative-sticky' as const }),
});
process.stdout.write('ready\n');
for await (const batch of consumer) {
  try {
    await producer.transaction(async (transaction) => {
      for (const { key, value } of batch) {
        transaction.write({ topic: output, key, value: `${value}!`, partition: batch.partition });
      }
      await transaction.sendOffsets(consumer);
    });
    process.stdout.write('.\n');
  } catch (error) {
    // The consumer is back where it was: its records come again, here or at the member that has them now.
    process.stderr.write(`${(error as Error).message}\n`);
    if ((error as { readonly code?: string }).code === 'producer_fenced') process.exit(1);
  }
}
