/** Which mirrors a cluster knows as their target. */
import type { ClientOptions } from '@millrace/client';
import { type CallBounds, openCluster } from '@millrace/client/protocol';
import { JournalReader } from '../copy/journal-reader.ts';
import { mirrorOfOffsetsTopic } from '../topics/offsets-topic.ts';

export interface KnownMirror {
  readonly mirror: string;
  readonly shards: number;
  /** On the source, those of which anything was begun, names ascending. */
  readonly topics: readonly string[];
  readonly partitions: number;
}

export interface KnownMirrorsOptions extends CallBounds {
  readonly target: ClientOptions;
}

/** By name, ascending. Rejects with the client's errors, or `JournalRecordError` where a journal can't be read. */
export async function knownMirrors({ target, timeoutMs, signal }: KnownMirrorsOptions): Promise<KnownMirror[]> {
  const bounds = { timeoutMs, signal };
  const { client, cluster } = openCluster(target);
  try {
    const listed = await client.admin().listTopics({ internal: true, ...bounds });
    const known: KnownMirror[] = [];
    for (const { topic, partitionCount } of listed) {
      const mirror = mirrorOfOffsetsTopic(topic);
      if (mirror === undefined) continue;
      const partitions = await new JournalReader(cluster, topic, bounds).newest();
      const topics = [...new Set(partitions.map((each) => each.topic))].sort();
      known.push({ mirror, shards: partitionCount, topics, partitions: partitions.length });
    }
    return known.sort((left, right) => (left.mirror < right.mirror ? -1 : 1));
  } finally {
    await client.close();
  }
}
