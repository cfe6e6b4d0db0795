/**
 * The secret under which visitors of access logs get their pseudonyms. It lives on the cluster, in a topic of its own,
 * because every import into that cluster must use the same one, from wherever it runs: then a visitor is one visitor in
 * all of them, and an import that goes on after a kill names them as before.
 *
 * The first record of the topic is the key: importers that start together may each write one, and all take the first.
 */
import { randomBytes } from 'node:crypto';
import type { Client } from '@millrace/client';
import { ensureTopic } from './topics.ts';

const keyTopic = 'millrace.tracking.visitor-key';
const keyBytes = 32;

/** Reads the key; makes it where there is none. */
export async function loadVisitorKey(client: Client, signal?: AbortSignal): Promise<Uint8Array> {
  const configuration = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };
  await using admin = client.admin();
  await ensureTopic(admin, { topic: keyTopic, partitions: 1, configuration }, signal);
  const known = await firstRecord(client, signal);
  if (known !== undefined) return known;
  await using producer = client.producer();
  await producer.send({ topic: keyTopic, value: randomBytes(keyBytes) }, { signal });
  return (await firstRecord(client, signal)) ?? loadVisitorKey(client, signal);
}

async function firstRecord(client: Client, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
  await using consumer = client.consumer({
    assign: [{ topic: keyTopic, partition: 0, offset: 'earliest' }],
    until: 'end',
  });
  for await (const batch of consumer.batches({ signal })) {
    for (const record of batch) {
      if (record.value?.length === keyBytes) return Uint8Array.from(record.value);
    }
  }
  return undefined;
}
