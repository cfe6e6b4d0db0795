/** From which source offset on a source has other records than those that were copied, found out by leader epochs. */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import { errorCodes, KafkaError, offsetForLeaderEpoch } from '@millrace/wire';
import type { EpochEnd, SourceEpochs } from './source-epochs.ts';

/**
 * The first offset at which both may differ, exact as far back as epochs of the copy are known, and else the lowest
 * that is known of. `end` is what the leader answered of the newest epoch. Rejects with `KafkaError`, or a retriable
 * error within the bounds.
 */
export async function divergenceOf(
  source: Cluster,
  copy: TopicPartition & { readonly position: number; readonly sourceEpochs: SourceEpochs },
  end: EpochEnd,
  bounds: CallBounds,
): Promise<number> {
  let lowest = Math.min(end.endOffset, copy.position);
  for (let told: EpochEnd | undefined = end; told !== undefined; ) {
    lowest = Math.min(lowest, told.endOffset);
    const own = copy.sourceEpochs.floor(told.epoch, copy.position);
    if (own === undefined) return lowest;
    lowest = Math.min(lowest, own.endOffset);
    // An epoch that both have is one leader's log, of which each has the first part.
    if (own.epoch === told.epoch) return lowest;
    told = await endOfEpoch(source, copy, own.epoch, bounds);
  }
  return lowest;
}

/**
 * Whether what a leader told of an epoch says that its log has what was written under it up to `position`. One that
 * does not know the epoch any more, or has it end earlier, has lost records.
 */
export function isLogOf(told: EpochEnd | undefined, epoch: number, position: number): boolean {
  return told !== undefined && told.epoch === epoch && told.endOffset >= position;
}

/**
 * Where the leader says that an epoch ended; undefined where it knows of none that is not beyond it. Rejects as
 * `divergenceOf` does.
 */
export async function endOfEpoch(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  leaderEpoch: number,
  bounds: CallBounds,
): Promise<EpochEnd | undefined> {
  if (leaderEpoch < 0) return undefined;
  const answer = await cluster.retrying(bounds, async () => {
    const { partitions } = await cluster.metadata.topic(topic, false, bounds);
    const leader = partitions[partition]?.leader ?? -1;
    const draft = { topics: [{ topic, partitions: [{ partition, leaderEpoch }] }] };
    const response = leader < 0 ? undefined : await cluster.callBroker(leader, offsetForLeaderEpoch, draft);
    const found = response?.topics[0]?.partitions[0];
    if (found?.errorCode === 0) return found;
    await cluster.metadata.refresh([topic]);
    const errorCode = found?.errorCode ?? errorCodes.LEADER_NOT_AVAILABLE;
    throw new KafkaError(errorCode, `ask where leader epoch ${leaderEpoch} of ${topic} [${partition}] ended`);
  });
  return answer.leaderEpoch < 0 || answer.endOffset < 0
    ? undefined
    : { epoch: answer.leaderEpoch, endOffset: answer.endOffset };
}
