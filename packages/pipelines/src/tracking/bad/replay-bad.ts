/**
 * Judges the bad events that wait once more, as if they came now but with the time they came at: what is good now goes
 * to `tracking.events`, what is still bad goes back to the end of the bad ones, and both with how far the replay has
 * come in one transaction. So an event is good once or waits once, however often replays are run, killed, or run at the
 * same time: a later one fences an earlier one.
 */
import { randomUUID } from 'node:crypto';
import type { TrackingReplay } from '@millrace/api';
import { type Client, type ConsumerBatch, type Producer, unwrap } from '@millrace/client';
import type { EventSchemas } from '../event-schemas.ts';
import { topicRanges } from '../topic-ranges.ts';
import { badEvents, ensureBadTopic, ensureTrackingTopic, trackingEvents } from '../topics.ts';
import type { BadEvent } from './bad-event.ts';
import { judgeEvent } from './judge-event.ts';
import { replayGroup } from './read-bad.ts';

export interface ReplayOptions {
  readonly client: Client;
  readonly schemas?: EventSchemas | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/** Replays what is there at the start. */
export async function replayBad({ client, schemas, signal, onProgress }: ReplayOptions): Promise<TrackingReplay> {
  {
    await using admin = client.admin();
    await ensureTrackingTopic(admin, signal);
    await ensureBadTopic(admin, signal);
  }
  await schemas?.ready();
  await using producer = client.producer({ transactionalId: replayGroup, transactionTimeoutMs: 10_000 });
  // Whatever an earlier replay left open has ended, and nobody else goes on, before it is read how far they came.
  await (await producer.begin({ signal: signal })).abort();
  const assign = await places(client, signal);
  const total = assign.reduce((sum, { end, offset }) => sum + Math.max(0, end - offset), 0);
  await using consumer = client.consumer<(typeof badEvents)[]>({
    ...{ assign, until: 'end', from: 'earliest', isolation: 'read_committed' },
  });
  const report = { judged: 0, replayed: 0, stillBad: 0 };
  let done = 0;
  for await (const batch of consumer.batches({ signal })) {
    const { judged, replayed, stillBad } = await replayBatch(producer, batch, schemas);
    report.judged += judged;
    report.replayed += replayed;
    report.stillBad += stillBad;
    done += batch.recordCount;
    onProgress?.({ done, total });
  }
  return report;
}

async function places(client: Client, signal: AbortSignal | undefined) {
  const ranges = await topicRanges(client, [badEvents.name], { signal });
  await using admin = client.admin();
  const stored = unwrap(await admin.fetchOffsets(replayGroup, undefined, { signal }));
  const committed = new Map(stored.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  return ranges.map(({ topic, partition, start, end }) => ({
    topic: badEvents,
    partition,
    end,
    offset: Math.max(start, committed.get(`${topic}/${partition}`) ?? 0),
  }));
}

async function replayBatch(
  producer: Producer,
  batch: ConsumerBatch<typeof badEvents>,
  schemas: EventSchemas | undefined,
): Promise<TrackingReplay> {
  const events = Array.from(batch, ({ value }) => value);
  const judged = events.map((event) => rejudged(event, schemas));
  const offsets = [{ topic: batch.topic, partition: batch.partition, offset: batch.nextOffset }];
  await producer.transaction(async (transaction) => {
    for (const each of judged) {
      if (!transaction.write(each)) await transaction.ready();
    }
    await transaction.sendOffsets({ group: replayGroup, offsets });
  });
  const replayed = judged.filter(({ topic }) => topic === trackingEvents.name).length;
  return { judged: events.length, replayed, stillBad: events.length - replayed };
}

interface Written {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
}

function rejudged(bad: BadEvent, schemas: EventSchemas | undefined): Written {
  const again = (event: BadEvent): Written => {
    const value = JSON.stringify({ ...event, replays: (bad.replays ?? 0) + 1 });
    return { topic: badEvents.name, key: event.id, value };
  };
  if (bad.event === undefined || bad.receipt === undefined) return again(bad);
  const { network, userAgent, sentAt, site } = bad.receipt;
  const receipt = {
    ...{ receivedAt: Date.parse(bad.receivedAt), remoteAddress: network ?? '', userAgent, sentAt, site },
    // An event without an id of its own has the one it was set aside under.
    newId: () => bad.id || randomUUID(),
  };
  const judgement = judgeEvent(bad.event, receipt, 'named', schemas);
  if ('good' in judgement) return { topic: trackingEvents.name, key: judgement.good.messageId, value: judgement.value };
  return again('bad' in judgement ? { ...judgement.bad, id: bad.id } : bad);
}
