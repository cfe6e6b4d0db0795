/** The topic on the target that holds a mirror's offset map, one partition for each of its shards. */
import { type Admin, unwrap } from '@millrace/client';
import { errorCodes, KafkaError } from '@millrace/wire';

/** Small segments, so that compaction gets to them. */
const configuration = { 'cleanup.policy': 'compact', 'segment.bytes': `${16 * 1024 * 1024}` };

const namePrefix = 'millrace.offsets.';

/** What the topic of a mirror of that name is called. */
export function offsetsTopicOf(mirror: string): string {
  return `${namePrefix}${mirror}`;
}

/** By which transactional id the owner of a shard writes. */
export function shardTransactionalIdOf(offsetsTopic: string, shard: number): string {
  return `${offsetsTopic}.${shard}`;
}

/** Whose topic it is; undefined for other topics. */
export function mirrorOfOffsetsTopic(topic: string): string | undefined {
  return topic.startsWith(namePrefix) ? topic.slice(namePrefix.length) : undefined;
}

/** How many shards a mirror begins with. */
const shardsDefault = 50;

/** Creates the topic if it is not there; answers how many partitions it has. Rejects with `KafkaError`. */
export async function ensureOffsetsTopic(
  admin: Admin,
  topic: string,
  partitions = shardsDefault,
  replicationFactor?: number,
): Promise<number> {
  const [created] = await admin.createTopics([{ topic, partitions, replicationFactor, configuration }]);
  const error = created?.error;
  if (error !== undefined && !(error instanceof KafkaError && error.errorCode === errorCodes.TOPIC_ALREADY_EXISTS)) {
    throw error;
  }
  const [described] = unwrap(await admin.describeTopics([topic]));
  return described?.partitions.length ?? partitions;
}
