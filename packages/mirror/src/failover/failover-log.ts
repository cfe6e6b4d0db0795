/** The topic on a mirror's target that says which of its topics were failed over. */
import { unwrap } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import { errorCodes, KafkaError, metadata } from '@millrace/wire';
import { boundOf, scanLog } from '../copy/log-scan.ts';
import { decodeTopicFailover, encodeTopicFailover, type TopicFailover } from './failover-record.ts';
import type { End } from './mirror-ends.ts';

/** What the topic of a mirror of that name is called. */
export function failoverTopicOf(mirror: string): string {
  return `millrace.failover.${mirror}`;
}

/** The newest record of each topic, by its name. Rejects with `FailoverRecordError`, and as the client does. */
export async function readFailovers(
  cluster: Cluster,
  mirror: string,
  bounds: CallBounds,
): Promise<Map<string, TopicFailover>> {
  const place = { topic: failoverTopicOf(mirror), partition: 0 };
  const failovers = new Map<string, TopicFailover>();
  await cluster.retrying(bounds, () => cluster.metadata.refresh([place.topic]));
  if (cluster.metadata.peek(place.topic) === undefined) return failovers;
  const end = await boundOf(cluster, place, 'latest', bounds);
  if (end <= (await boundOf(cluster, place, 'earliest', bounds))) return failovers;
  for await (const batch of scanLog(cluster, place, 0, bounds)) {
    if (!batch.isControl) {
      for (const { key, value } of batch.records()) {
        if (key === null || value === null) continue;
        const topic = Buffer.from(key).toString();
        failovers.set(topic, decodeTopicFailover(topic, Buffer.from(value).toString()));
      }
    }
    if (batch.lastOffset >= end - 1) break;
  }
  return failovers;
}

/**
 * Writes records, each durably once it resolves. Makes the topic where it is not there yet; then every broker knows of
 * it, so that none tells a worker that nothing was failed over. Rejects as the client does.
 */
export async function writeFailovers(
  { client, cluster }: Pick<End, 'client' | 'cluster'>,
  mirror: string,
  failovers: readonly TopicFailover[],
  bounds: CallBounds,
): Promise<void> {
  const topic = failoverTopicOf(mirror);
  const [created] = await client
    .admin()
    .createTopics([{ topic, partitions: 1, configuration: { 'cleanup.policy': 'compact' } }], bounds);
  if (created?.error !== undefined && created.error.errorCode !== errorCodes.TOPIC_ALREADY_EXISTS) unwrap([created]);
  await untilKnown(cluster, topic, bounds);
  await using producer = client.producer();
  for (const each of failovers) {
    await producer.send({ topic, partition: 0, key: each.topic, value: encodeTopicFailover(each) });
  }
}

async function untilKnown(cluster: Cluster, topic: string, bounds: CallBounds): Promise<void> {
  await cluster.retrying(bounds, () => cluster.askMetadata([], false));
  for (const { nodeId } of cluster.pool.nodes) {
    await cluster.retrying(bounds, async () => {
      const draft = { topics: [{ name: topic }], allowAutoTopicCreation: false };
      const errorCode = (await cluster.callBroker(nodeId, metadata, draft)).topics[0]?.errorCode ?? 0;
      if (errorCode !== 0) throw new KafkaError(errorCode, `look for topic ${topic} on broker ${nodeId}`);
    });
  }
}
