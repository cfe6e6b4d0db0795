/**
 * The topics of tracking, and how their records become values again.
 *
 * - `tracking.events`: what was accepted, as it came.
 * - `tracking.enriched`: each event once, with what follows from it. Everything is counted from here.
 * - `tracking.bad`: what was not accepted, with the reason.
 * - `tracking.counts`: what the cleaning dropped, the newest figures of each partition.
 *
 * Events are keyed by their id, so that repetitions meet, and no visitor, however busy, fills one partition.
 */
import { type Admin, json, type Serde, text, topic } from '@millrace/client';
import type { BadEvent } from './bad/bad-event.ts';
import type { EnrichedEvent } from './enrich/enriched-event.ts';
import { issuesOfStored, type TrackingEvent } from './event.ts';

/** A record that is no event, with why, and what it holds. */
export interface Unreadable {
  readonly unreadable: string;
  readonly text: string | null;
}

/** A record of `tracking.events`: an event, or why it is none. */
export type StoredEvent = TrackingEvent | Unreadable;

const eventValue: Serde<StoredEvent, TrackingEvent> = {
  serialize: (event) => JSON.stringify(event),
  deserialize: (bytes) => readEvent(bytes === null ? null : Buffer.from(bytes).toString()),
  deserializeText: readEvent,
};

/** What the cleaning has dropped in one partition since it began. */
export interface CleaningCounts {
  readonly duplicates: number;
  readonly unreadable: number;
}

export const trackingEvents = topic('tracking.events', { key: text, value: eventValue });
export const enrichedEvents = topic('tracking.enriched', { key: text, value: json<EnrichedEvent>() });
export const badEvents = topic('tracking.bad', { key: text, value: json<BadEvent>() });
/** Keyed by the partition of `tracking.events`. */
export const cleaningCounts = topic('tracking.counts', { key: text, value: json<CleaningCounts>() });

/** Largest event as it is stored, in bytes of JSON. */
export const eventBytesMax = 64 * 1024;

function readEvent(value: string | null): StoredEvent {
  if (value === null) return { unreadable: 'it has no value', text: null };
  let event: unknown;
  try {
    event = JSON.parse(value);
  } catch (error) {
    return {
      unreadable: `it is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      text: value,
    };
  }
  const [issue] = issuesOfStored(event);
  return issue === undefined
    ? (event as TrackingEvent)
    : { unreadable: `its ${issue.field || 'value'} ${issue.message}`, text: value };
}

const partitions = 6;
const unlimited = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };
const badDays = 30;

/**
 * Creates the topic of accepted events where it is absent. Records are kept until an operator sets a limit: the totals
 * are those of what the topics hold, and an imported log is not to vanish because it is old. Records carry the time
 * they were written, not the event's, so that a limit in time counts from there.
 */
export async function ensureTrackingTopic(admin: Admin, signal?: AbortSignal): Promise<void> {
  await ensureTopic(admin, { topic: trackingEvents.name, partitions, configuration: unlimited }, signal);
}

/** Likewise the topic of bad events, which are kept for 30 days. */
export async function ensureBadTopic(admin: Admin, signal?: AbortSignal): Promise<void> {
  const configuration = { 'cleanup.policy': 'delete', 'retention.ms': String(badDays * 24 * 60 * 60 * 1_000) };
  await ensureTopic(admin, { topic: badEvents.name, partitions, configuration }, signal);
}

/** Likewise all topics of the standing pipeline. */
export async function ensurePipelineTopics(admin: Admin, signal?: AbortSignal): Promise<void> {
  await ensureTrackingTopic(admin, signal);
  await ensureBadTopic(admin, signal);
  await ensureTopic(admin, { topic: enrichedEvents.name, partitions, configuration: unlimited }, signal);
  const newest = { 'cleanup.policy': 'compact' };
  await ensureTopic(admin, { topic: cleaningCounts.name, partitions: 1, configuration: newest }, signal);
}

/** Creates a topic unless there is one of that name, which is then left as it is. */
export async function ensureTopic(
  admin: Admin,
  wanted: { readonly topic: string; readonly partitions: number; readonly configuration: Record<string, string> },
  signal?: AbortSignal,
): Promise<void> {
  const [created] = await admin.createTopics([wanted], { signal });
  if (created?.error === undefined || created.error.errorName === 'TOPIC_ALREADY_EXISTS') return;
  // Who may not create topics may use one that an operator has made.
  const [described] = await admin.describeTopics([wanted.topic], { signal });
  if (described?.error !== undefined) throw created.error;
}
