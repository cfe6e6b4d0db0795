/** Makes a topic on its cluster what is declared of it. Done twice it does nothing the second time. */
import { ProblemError } from '@millrace/api';
import type { Topic } from '@millrace/api/declared';
import { type Platform, sleep } from '@millrace/base';
import type { Admin, Client } from '@millrace/client';
import { doDeed } from '../../declared/apply/do-deed.ts';

const knownWithinMs = 20_000;
const askAgainMs = 100;

export async function provisionTopic(
  client: Client,
  { name: topic, cluster, partitions, replicas, configs = {} }: Topic,
  platform: Platform,
  signal: AbortSignal,
): Promise<{ readonly made: boolean }> {
  const admin = client.admin();
  const context = { admin, signal, progress: async () => undefined };
  const settings = Object.fromEntries(Object.entries(configs).map(([key, value]) => [key, String(value)]));
  const wanted = { topic, partitions, configs: settings, ...(replicas !== undefined && { replicas }) };
  const { changed } = await doDeed({ deed: 'create_topics', cluster, topics: [wanted] }, context);
  const from = await partitionsOf(admin, topic, platform, signal);
  if (changed > 0) return { made: true };
  if (from > partitions) {
    const there = `the topic ${topic} is there with ${from} partitions, and ${partitions} were asked for`;
    throw new ProblemError('conflict', `${there}; delete it or ask anew`);
  }
  await doDeed({ deed: 'add_partitions', cluster, topics: [{ topic, from, to: partitions }] }, context);
  if (Object.keys(settings).length > 0) {
    await doDeed({ deed: 'alter_settings', cluster, topics: [{ topic, set: settings, unset: [] }] }, context);
  }
  return { made: false };
}

export async function removeTopic(
  client: Client,
  cluster: string,
  topic: string,
  signal: AbortSignal,
): Promise<{ readonly removed: boolean }> {
  const context = { admin: client.admin(), signal, progress: async () => undefined };
  const { changed } = await doDeed({ deed: 'delete_topics', cluster, topics: [topic] }, context);
  return { removed: changed > 0 };
}

/** Waits until the topic that was just made is known, with a leader for each partition. */
async function partitionsOf(admin: Admin, topic: string, platform: Platform, signal: AbortSignal): Promise<number> {
  const until = platform.clock.monotonic() + knownWithinMs;
  for (;;) {
    const [found] = await admin.describeTopics([topic], { signal });
    if (found?.error === undefined && found !== undefined && found.partitions.every(({ leader }) => leader >= 0)) {
      return found.partitions.length;
    }
    if (platform.clock.monotonic() > until) {
      throw found?.error ?? new ProblemError('unavailable', `the topic ${topic} has partitions without a leader`);
    }
    await sleep(platform.timers, askAgainMs, signal);
  }
}
