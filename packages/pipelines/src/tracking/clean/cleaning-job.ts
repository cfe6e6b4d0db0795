/**
 * The job that makes clean events of accepted ones, exactly once: each event once, enriched; what can't be read among
 * the bad ones; figures of what was dropped.
 *
 * Repetitions meet in one task, since events are keyed by their id. A task remembers ids for `rememberedMs` of the time
 * of records (when they were written, not when their event happened, so that an old log can be imported beside live
 * traffic). What it remembers lies on disk and in a changelog; memory holds a cache with a bound.
 */
import { json, text } from '@millrace/client';
import { type ProcessorContext, type Topology, topology, windowStore } from '@millrace/streams';
import { type BadEvent, unreadableEvent } from '../bad/bad-event.ts';
import { enrichEvent } from '../enrich/enrich-event.ts';
import type { EnrichedEvent } from '../enrich/enriched-event.ts';
import {
  badEvents,
  type CleaningCounts,
  cleaningCounts,
  enrichedEvents,
  type StoredEvent,
  trackingEvents,
} from '../topics.ts';
import { cleanEvent, type KeptEvents } from './clean-event.ts';

/** Its consumer group, and in the names of its topics. */
export const cleaningJobName = 'millrace-tracking';

/** How long a repetition is recognized. */
export const rememberedMs = 7 * 24 * 60 * 60 * 1_000;

type Dropped = keyof CleaningCounts;
type Cleaned = { readonly good: EnrichedEvent } | { readonly bad: BadEvent } | { readonly dropped: Dropped };

const keptStore = windowStore({ name: 'kept', key: text, value: text, retentionMs: rememberedMs });
const none: CleaningCounts = { duplicates: 0, unreadable: 0 };

export function cleaningJob(): Topology {
  const job = topology(cleaningJobName);
  const { good, bad, dropped } = job
    .source(trackingEvents)
    .process<string, Cleaned>({ name: 'clean', key: text, stores: [keptStore], init: cleaner })
    .branch({ good: isGood, bad: isBad, dropped: isDropped });
  good.map(({ good: event }) => event).to(enrichedEvents, { key: ({ messageId }) => messageId });
  bad.map(({ bad: event }) => event).to(badEvents, { key: ({ id }) => id });
  dropped
    .aggregate('dropped', {
      value: json<CleaningCounts>(),
      initial: () => none,
      add: (counts, { dropped: kind }) => ({ ...counts, [kind]: counts[kind] + 1 }),
      emit: 'commit',
    })
    .toStream()
    .to(cleaningCounts);
  return job;
}

function cleaner(
  context: ProcessorContext<string, Cleaned>,
): (event: StoredEvent, record: { timestamp: number }) => void {
  const rows = context.store(keptStore);
  let time = 0;
  const kept: KeptEvents = {
    compare(id, digest) {
      let found: string | undefined;
      const now = Math.max(context.streamTime, time);
      rows.fetch(id, now - rememberedMs, now, (known) => {
        found ??= known;
      });
      if (found === undefined) return 'new';
      return found === digest ? 'same' : 'other';
    },
    keep: (id, digest) => rows.put(id, time, digest),
  };
  const drop = (kind: Dropped): void => context.forward(String(context.partition), { dropped: kind });
  return (stored, record) => {
    time = record.timestamp;
    if ('unreadable' in stored) {
      drop('unreadable');
      const bad = unreadableEvent(stored, time);
      return context.forward(bad.id, { bad });
    }
    const event = cleanEvent(stored, kept);
    if (event === undefined) return drop('duplicates');
    context.forward(event.messageId, { good: enrichEvent(event) });
  };
}

function isGood(cleaned: Cleaned): cleaned is { readonly good: EnrichedEvent } {
  return 'good' in cleaned;
}

function isBad(cleaned: Cleaned): cleaned is { readonly bad: BadEvent } {
  return 'bad' in cleaned;
}

function isDropped(cleaned: Cleaned): cleaned is { readonly dropped: Dropped } {
  return 'dropped' in cleaned;
}
