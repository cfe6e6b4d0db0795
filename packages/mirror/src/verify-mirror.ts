/** Compares what a mirror copied with its source, by content and by its offset map, whether it runs or not. */
import type { ClientOptions } from '@millrace/client';
import { type CallBounds, openCluster } from '@millrace/client/protocol';
import { mapOfChunks } from './copy/chunk-map.ts';
import { JournalReader } from './copy/journal-reader.ts';
import { readFailovers } from './failover/failover-log.ts';
import { isMatched, isNamed, type NameFilter } from './name-filter.ts';
import { Provenance } from './provenance/provenance.ts';
import { offsetsTopicOf } from './topics/offsets-topic.ts';
import type { TopicVerification, VerifyOptions, VerifyProgress } from './verify/verification.ts';
import { verifyTopic } from './verify/verify-topic.ts';

export interface VerifyMirrorOptions
  extends CallBounds,
    Pick<VerifyOptions, 'targetIsolation' | 'latestByKey' | 'concurrency'> {
  /** What the mirror is called. */
  readonly name: string;
  readonly source: ClientOptions;
  readonly target: ClientOptions;
  /** Which of the mirror's topics, by names on the source or patterns; default all. */
  readonly topics?: NameFilter | undefined;
  /** As the mirror has it. */
  readonly rename?: ((topic: string) => string) | undefined;
  readonly localOnly?: boolean | undefined;
  readonly onProgress?: ((topic: string, progress: VerifyProgress) => void) | undefined;
}

/** A topic that is deleted on the source stays on the target. */
const nothingCompared = {
  manner: 'record by record',
  isGone: true,
  isEqual: true,
  partitions: [],
  onlyInSource: [],
  onlyInTarget: [],
} as const;

/**
 * What the comparison of each topic says, names ascending; what a failover left behind on a side is left out, and of
 * what a policy passed over the newest ranges, as the journal tells them.
 * Rejects with `OffsetsTopicError` when the target knows no such mirror, with `VerifyError` when a comparison can't
 * come to its end, and with the client's errors.
 */
export async function verifyMirror(options: VerifyMirrorOptions): Promise<TopicVerification[]> {
  const { name, localOnly, timeoutMs, signal, rename, topics, onProgress, ...manner } = options;
  const bounds = { timeoutMs, signal };
  const source = openCluster(options.source);
  const target = openCluster(options.target);
  try {
    const journal = new JournalReader(target.cluster, offsetsTopicOf(name), bounds);
    const known = (await journal.topics()).filter(
      (topic) => topics === undefined || isNamed(topics, topic) || isMatched(topics, topic),
    );
    const failovers = await readFailovers(target.cluster, name, bounds);
    const isReversed = (topic: string): boolean => failovers.get(topic)?.isReversed === true;
    const provenance = new Provenance({ name, localOnly, sides: { source, target }, isReversed, signal });
    await provenance.look();
    const verified: TopicVerification[] = [];
    const listed = await source.client.admin().listTopics({ ...bounds, internal: true });
    const there = new Set(listed.map(({ topic }) => topic));
    for (const topic of known) {
      const targetTopic = failovers.get(topic)?.targetTopic ?? rename?.(topic) ?? topic;
      if (!there.has(topic)) {
        verified.push({ ...nothingCompared, source: topic, target: targetTopic });
        continue;
      }
      verified.push(
        await verifyTopic({
          ...bounds,
          ...manner,
          source: {
            cluster: source.cluster,
            topic,
            filter: (partition) => provenance.returningOf({ topic, partition, targetTopic }),
          },
          target: {
            cluster: target.cluster,
            topic: targetTopic,
            filter: () => provenance.strangersOf({ topic, targetTopic }),
          },
          mapOf: async (partition) => mapOfChunks(await journal.chunksOf({ topic, partition })),
          passedOverOf: async (partition) => {
            return (await journal.chunksOf({ topic, partition })).at(-1)?.losses?.ranges ?? [];
          },
          skip: Map.groupBy(failovers.get(topic)?.tails ?? [], ({ partition }) => partition),
          skipSource: Map.groupBy(failovers.get(topic)?.sourceTails ?? [], ({ partition }) => partition),
          onProgress: (progress) => onProgress?.(topic, progress),
        }),
      );
    }
    return verified;
  } finally {
    await Promise.all([source.client.close(), target.client.close()]);
  }
}
