/** Feeds a view from the topics of clean events and of what the cleaning dropped, each record once. */
import type { Client, ConsumerBatch } from '@millrace/client';
import type { EnrichedEvent } from '../enrich/enriched-event.ts';
import { type PartitionRange, topicRanges } from '../topic-ranges.ts';
import { cleaningCounts, enrichedEvents } from '../topics.ts';
import { Turns } from '../turns.ts';
import type { TrackingView } from './tracking-view.ts';

export const viewTopics = [enrichedEvents.name, cleaningCounts.name];

type ViewTopic = typeof enrichedEvents | typeof cleaningCounts;

export interface FeedOptions {
  readonly client: Client;
  readonly view: TrackingView;
  readonly signal: AbortSignal;
  /** Told of each event that was counted, and of each batch that was written. */
  readonly onEvent: (event: EnrichedEvent) => void;
  readonly onBatch: () => void;
}

/** Reads to where the topics end now, with `until`, or on and on until the signal aborts. */
export async function feedView(options: FeedOptions, until?: 'end'): Promise<void> {
  const { client, view, signal, onEvent, onBatch } = options;
  const ranges = await topicRanges(client, viewTopics, { signal });
  const topicIds = new Map(ranges.map(({ topic, topicId }) => [topic, topicId]));
  const assign = ranges.map((range) => ({ ...placeOf(range), offset: positionIn(view, range) }));
  await using consumer = client.consumer<ViewTopic[]>({ assign, until, from: 'earliest', isolation: 'read_committed' });
  for await (const batch of consumer.batches({ signal })) {
    await add(view, batch, onEvent);
    const { topic, partition, nextOffset } = batch;
    await view.commit({ topic, topicId: topicIds.get(topic) ?? '', partition, nextOffset });
    onBatch();
  }
}

async function add(
  view: TrackingView,
  batch: ConsumerBatch<ViewTopic>,
  onEvent: (event: EnrichedEvent) => void,
): Promise<void> {
  if (batch.topic === cleaningCounts.name) {
    for (const { key, value } of batch) view.setDropped(key, value);
    return;
  }
  const turns = new Turns();
  for (const { value: event } of batch) {
    view.add(event);
    onEvent(event);
    if (turns.isOver) await turns.next();
  }
}

function placeOf({ topic, partition }: PartitionRange): { topic: ViewTopic; partition: number } {
  return { topic: topic === enrichedEvents.name ? enrichedEvents : cleaningCounts, partition };
}

/** Where the view goes on; what retention has taken meanwhile is gone, and counted already. */
function positionIn(view: TrackingView, { topic, partition, start }: PartitionRange): number {
  return Math.max(view.positionOf(topic, partition) ?? 0, start);
}
