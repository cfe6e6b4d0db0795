/** What of a topic's configuration a mirror carries over. */
import { type Admin, unwrap } from '@millrace/client';

/**
 * Left to the target: what concerns its own replicas, and what would change records' times or refuse them for being
 * old, which those of a mirror may be.
 */
const leftOut: ReadonlySet<string> = new Set([
  'follower.replication.throttled.replicas',
  'leader.replication.throttled.replicas',
  'message.timestamp.type',
  'message.timestamp.before.max.ms',
  'message.timestamp.after.max.ms',
  'message.timestamp.difference.max.ms',
  'min.insync.replicas',
  'unclean.leader.election.enable',
]);

/** What was set for the topic itself, but for what is left out. Rejects with `KafkaError`. */
export async function copiedConfiguration(admin: Admin, topic: string): Promise<Record<string, string>> {
  const [described] = unwrap(await admin.describeConfigs([{ type: 'topic', name: topic }]));
  const set = (described?.entries ?? []).filter(
    ({ name, value, source }) => source === 'topic' && value !== null && !leftOut.has(name),
  );
  return Object.fromEntries(set.map(({ name, value }) => [name, value ?? '']));
}
