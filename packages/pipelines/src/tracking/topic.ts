/** The topic that everything goes through, and how its records become events again. */
import { type Admin, type Serde, text, topic } from '@millrace/client';
import { issuesOfStored, type TrackingEvent } from './event.ts';

/** A record of the topic: an event, or why it is none. */
export type StoredEvent = TrackingEvent | { readonly unreadable: string };

const eventValue: Serde<StoredEvent, TrackingEvent> = {
  serialize: (event) => JSON.stringify(event),
  deserialize: (bytes) => readEvent(bytes === null ? null : Buffer.from(bytes).toString()),
  deserializeText: readEvent,
};

/** Keyed by visitor, so that the events of one stay in order. */
export const trackingEvents = topic('tracking.events', { key: text, value: eventValue });

/** Largest event as it is stored, in bytes of JSON. */
export const eventBytesMax = 64 * 1024;

function readEvent(value: string | null): StoredEvent {
  if (value === null) return { unreadable: 'it has no value' };
  let event: unknown;
  try {
    event = JSON.parse(value);
  } catch (error) {
    return { unreadable: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const [issue] = issuesOfStored(event);
  return issue === undefined
    ? (event as TrackingEvent)
    : { unreadable: `its ${issue.field || 'value'} ${issue.message}` };
}

/**
 * Creates the topic where it is absent. Records are kept until an operator sets a limit: the totals are those of what
 * the topic holds, and an imported log is not to vanish because it is old. Records carry the time they were written,
 * not the event's, so that a limit in time counts from there.
 */
export async function ensureTrackingTopic(admin: Admin, signal?: AbortSignal): Promise<void> {
  const configuration = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };
  await ensureTopic(admin, { topic: trackingEvents.name, partitions: 6, configuration }, signal);
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
