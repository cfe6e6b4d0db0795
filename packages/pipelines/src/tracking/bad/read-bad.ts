/** The bad events that wait: all that no replay has taken. */
import type { TrackingBad } from '@millrace/api';
import type { Client } from '@millrace/client';
import { topicRanges } from '../topic-ranges.ts';
import { badEvents } from '../topics.ts';
import type { BadEvent } from './bad-event.ts';

/** The group whose offsets say how far replays have come. */
export const replayGroup = 'millrace-tracking-replay';

export interface ReadBadOptions {
  readonly client: Client;
  /** How many to list; all are counted. */
  readonly limit: number;
  readonly reason?: BadEvent['reason'] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function readBad({ client, limit, reason, signal }: ReadBadOptions): Promise<TrackingBad> {
  const ranges = await topicRanges(client, [badEvents.name], { signal });
  const assign = ranges.map(({ partition }) => ({ topic: badEvents, partition, offset: 'committed' as const }));
  await using consumer = client.consumer<(typeof badEvents)[]>({
    ...{ group: replayGroup, commit: 'manual', assign, until: 'end', from: 'earliest', isolation: 'read_committed' },
  });
  const found: BadEvent[] = [];
  const counts = { shape: 0, schema: 0, unreadable: 0 };
  for await (const batch of consumer.batches({ signal })) {
    for (const { value } of batch) {
      counts[value.reason]++;
      if (found.length < limit && (reason === undefined || value.reason === reason)) found.push(value);
    }
  }
  return {
    waiting: counts.shape + counts.schema + counts.unreadable,
    reasons: counts,
    events: found.map(({ receipt: _, ...event }) => ({ ...event, issues: [...event.issues] })),
  };
}
