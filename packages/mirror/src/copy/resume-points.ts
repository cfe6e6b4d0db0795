/** Where the copies of a shard's partitions go on, or begin, once the shard is taken over. */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster, ProducerIdentity } from '@millrace/client/protocol';
import type { MirrorReport } from '../mirror-event.ts';
import { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import type { Provenance } from '../provenance/provenance.ts';
import { type CopiedPartition, targetOf } from './copied-partition.ts';
import { boundOf, scanLog } from './log-scan.ts';
import type { ResumePoint } from './partition-copy.ts';
import { recoverPartition } from './recover-partition.ts';
import { JournalContent } from './shard-journal.ts';
import { isAnotherTopic } from './topic-identity.ts';

export interface ResumeOptions {
  readonly source: Cluster;
  readonly target: Cluster;
  readonly report: MirrorReport;
  /** How large a batch topics of the target take, as far as that can be told. */
  readonly batchLimits?:
    | ((topics: readonly string[], signal: AbortSignal | undefined) => Promise<ReadonlyMap<string, number>>)
    | undefined;
  /** What becomes of a partition whose topic was deleted and made anew. Default `stop`. */
  readonly recreated?: 'stop' | 'continue' | undefined;
  /** Where records come from, and whose they are. */
  readonly provenance: Provenance;
  /** Which topics may be copied, asked for once a shard is taken over; all when absent. */
  readonly permission?: ((bounds: CallBounds) => Promise<(topic: string) => boolean>) | undefined;
}

/** How many partitions are looked into at once. */
const recoveringMax = 16;

/** Those of the places that may be copied. Rejects as `permission` does. */
export async function permitted(
  { permission }: ResumeOptions,
  places: readonly CopiedPartition[],
  bounds: CallBounds,
): Promise<readonly CopiedPartition[]> {
  const isPermitted = await permission?.(bounds);
  return isPermitted === undefined ? places : places.filter(({ topic }) => isPermitted(topic));
}

/** What the journal holds before the marker of its new owner. */
export async function readJournal(
  cluster: Cluster,
  journal: TopicPartition,
  { producerId, epoch }: ProducerIdentity,
  bounds: CallBounds,
): Promise<JournalContent> {
  const content = new JournalContent();
  for await (const batch of scanLog(cluster, journal, 0, bounds)) {
    if (batch.isControl && batch.producerId === producerId && batch.producerEpoch === epoch) break;
    content.add(batch);
  }
  return content;
}

/**
 * Where each of the places goes on; those that are left out are not to be copied. Those of which the journal knows must
 * have the marker of `identity`. Rejects with `KafkaError`, or a retriable error within the bounds.
 */
export async function resumePoints(
  options: ResumeOptions,
  places: readonly CopiedPartition[],
  content: JournalContent,
  identity: ProducerIdentity,
  bounds: CallBounds,
): Promise<Map<CopiedPartition, ResumePoint>> {
  const resumes = new Map<CopiedPartition, ResumePoint>();
  const topics = places.map(({ targetTopic }) => targetTopic);
  const limits = topics.length === 0 ? undefined : await options.batchLimits?.(topics, bounds.signal);
  const queue = [...places];
  const work = async (): Promise<void> => {
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
      const resume = await resumePoint(options, place, content, identity, bounds);
      const batchBytesMax = limits?.get(place.targetTopic);
      const routes = options.provenance.routesOf(place);
      if (resume !== undefined) resumes.set(place, { ...resume, batchBytesMax, routes });
    }
  };
  await Promise.all(Array.from({ length: recoveringMax }, work));
  return resumes;
}

async function resumePoint(
  options: ResumeOptions,
  place: CopiedPartition,
  content: JournalContent,
  identity: ProducerIdentity,
  bounds: CallBounds,
): Promise<ResumePoint | undefined> {
  const { source, target, report } = options;
  const chunks = content.chunksOf(place);
  const { topic, partition, topicId, targetTopic } = place;
  if (chunks.length === 0) {
    const begin = await boundOf(source, { topic, partition }, place.begin, bounds);
    const end = await boundOf(target, targetOf(place), 'latest', bounds);
    return { source: begin, target: end, map: new PartitionOffsetMap(), chunk: 0, runs: [] };
  }
  const isExpected = (producerId: number): boolean => options.provenance.isExpectedWriter(producerId, place);
  const recovered = await recoverPartition(target, targetOf(place), chunks, identity, bounds, isExpected);
  if (recovered.foreignRecords > 0) {
    const found = `${recovered.foreignRecords} records of somebody else lie in ${targetTopic} [${partition}]`;
    const message = `${found}, which this mirror copies to`;
    report({ level: 'error', event: 'foreign_write', message, topic, partition });
  }
  if (!isAnotherTopic(chunks.at(-1)?.value.topicId ?? topicId, topicId)) return recovered;
  const isToStop = options.recreated !== 'continue';
  const message =
    `topic ${topic} was deleted on the source and made anew: partition ${partition} is ` +
    (isToStop ? 'not copied any more' : `copied from its start, behind what lies in ${targetTopic}`);
  report({ level: isToStop ? 'error' : 'warn', event: 'topic_recreated', message, topic, partition });
  if (isToStop) return undefined;
  const begin = await boundOf(source, { topic, partition }, 'earliest', bounds);
  return { source: begin, target: recovered.target, map: new PartitionOffsetMap(), chunk: recovered.chunk, runs: [] };
}
