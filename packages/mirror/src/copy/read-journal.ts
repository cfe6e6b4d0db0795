/** The journal of a shard, as it is read by who takes the shard over. */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster, ProducerIdentity } from '@millrace/client/protocol';
import { boundOf, markerMsMax, scanLog } from './log-scan.ts';
import { JournalContent } from './shard-journal.ts';
import { isMarkerOf } from './target-truncation.ts';

/** What the journal holds before the marker of its new owner. */
export async function readJournal(
  cluster: Cluster,
  journal: TopicPartition,
  identity: ProducerIdentity,
  bounds: CallBounds,
): Promise<JournalContent> {
  const content = new JournalContent();
  for await (const batch of scanLog(cluster, journal, 0, bounds, markerMsMax)) {
    if (isMarkerOf(batch, identity)) break;
    content.add(batch);
  }
  return content;
}

/** What the journal holds now: where its owners can't be fenced, one of them may still write to it. */
export async function readWholeJournal(
  cluster: Cluster,
  journal: TopicPartition,
  bounds: CallBounds,
): Promise<JournalContent> {
  const content = new JournalContent();
  const [begin, end] = [
    await boundOf(cluster, journal, 'earliest', bounds),
    await boundOf(cluster, journal, 'latest', bounds),
  ];
  if (begin >= end) return content;
  for await (const batch of scanLog(cluster, journal, begin, bounds)) {
    content.add(batch);
    if (batch.lastOffset + 1 >= end) break;
  }
  return content;
}
