/** Makes the registry's topic where it is absent: one partition, compacted, nothing ever too old. */
import type { Client } from '@millrace/client';

/** Resolves when the topic is there; rejects when it is not and can't be made. */
export async function ensureSchemaTopic(client: Client, topic: string, signal: AbortSignal): Promise<void> {
  await using admin = client.admin();
  const [there] = await admin.describeTopics([topic], { signal });
  if (there !== undefined && there.error === undefined) return;
  const configuration = { 'cleanup.policy': 'compact' };
  const [created] = await admin.createTopics([{ topic, partitions: 1, configuration }], { signal });
  if (created?.error === undefined || created.error.errorName === 'TOPIC_ALREADY_EXISTS') return;
  throw created.error;
}
