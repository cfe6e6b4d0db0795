/**
 * Keeps each event once. An event that was kept already is dropped; one that has the id of another event gets an id of
 * its own and names the other as its parent. Knows nothing of where the ids are remembered, and for how long.
 */
import type { TrackingEvent } from '../event.ts';
import { contentDigest, ownIdOf } from './content-digest.ts';

/** The ids of the events that were kept, each with the digest of its content. */
export interface KeptEvents {
  /** `new`: no event has this id; `same`: that very event was kept; `other`: another one was. */
  compare(id: string, digest: string): 'new' | 'same' | 'other';
  keep(id: string, digest: string): void;
}

/** The event as it is to be kept; undefined for one that was kept already. */
export function cleanEvent(event: TrackingEvent, kept: KeptEvents): TrackingEvent | undefined {
  const digest = contentDigest(event);
  const found = kept.compare(event.messageId, digest);
  if (found === 'same') return undefined;
  if (found === 'new') {
    kept.keep(event.messageId, digest);
    return event;
  }
  const messageId = ownIdOf(event, digest);
  if (kept.compare(messageId, digest) !== 'new') return undefined;
  kept.keep(messageId, digest);
  return { ...event, messageId, parentId: event.messageId };
}
