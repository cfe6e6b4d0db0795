/**
 * Anchors: digests of the audit log, written down as records of a cluster, where who can change the database can't
 * change them. Each names a range of entries and has the digest of every one, so that also where a log was made anew
 * from some entry on, that entry is found.
 */
import { type Client, json, topic } from '@millrace/client';

export const anchorTopicName = 'millrace.audit-anchors';

/** A record of the topic. */
export interface Anchor {
  /** The log's own name: several may anchor on one cluster. */
  readonly log: string;
  readonly at: string;
  /** Of the first of the entries. */
  readonly from: number;
  /** Of the entries, ascending, in hexadecimal. The last is the head's. */
  readonly digests: readonly string[];
}

/** Largest number of entries an anchor speaks of: 66 KB as a record. */
export const anchorEntriesMax = 1_000;

const described = topic(anchorTopicName, { value: json<Anchor>() });

/** Makes the topic where it is absent: one partition, in which nothing is ever too old. */
export async function ensureAnchorTopic(client: Client, signal: AbortSignal): Promise<void> {
  await using admin = client.admin();
  const [there] = await admin.describeTopics([anchorTopicName], { signal });
  if (there !== undefined && there.error === undefined) return;
  const configuration = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };
  const [created] = await admin.createTopics([{ topic: anchorTopicName, partitions: 1, configuration }], { signal });
  if (created?.error === undefined || created.error.errorName === 'TOPIC_ALREADY_EXISTS') return;
  throw created.error;
}

/** Resolves when all of them are stored. */
export async function writeAnchors(client: Client, anchors: readonly Anchor[], signal: AbortSignal): Promise<void> {
  await using producer = client.producer({ deliveryTimeoutMs: 30_000 });
  for (const value of anchors) await producer.send({ topic: described, value, partition: 0 }, { signal });
}

/** Those of one log, in the order in which they were written; none where there is no topic. */
export async function readAnchors(client: Client, log: string, signal: AbortSignal): Promise<Anchor[]> {
  const admin = client.admin();
  const [there] = await admin.describeTopics([anchorTopicName], { signal, timeoutMs: 10_000 });
  await admin.close();
  if (there?.error?.errorName === 'UNKNOWN_TOPIC_OR_PARTITION') return [];
  if (there?.error !== undefined) throw there.error;
  const anchors: Anchor[] = [];
  await using consumer = client.consumer<[typeof described]>({ topics: [described], from: 'earliest', until: 'end' });
  for await (const batch of consumer.batches({ signal })) {
    for (const { value } of batch) if (value.log === log) anchors.push(value);
  }
  return anchors;
}
