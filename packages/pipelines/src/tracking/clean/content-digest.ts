/** What makes an event the same as another: its id, and what its sender said. */
import { hash } from 'node:crypto';
import type { TrackingEvent } from '../event.ts';

/**
 * 132 bits of a hash of what was sent. A sender's repetition of an event gives the same, although it was sent, received
 * and timed anew, perhaps from another network; two events that a faulty sender gave one id do not.
 */
export function contentDigest(event: TrackingEvent): string {
  const { receivedAt, timestamp, sentAt, context, ...content } = event;
  const { ip, ...kept } = context ?? {};
  return hash('sha256', JSON.stringify([content, kept]), 'base64url').slice(0, 22);
}

/** The id of an event whose own id another event has: the same for the same event, whenever it comes. */
export function ownIdOf(event: TrackingEvent, digest: string): string {
  return `${hash('sha256', event.messageId, 'base64url').slice(0, 22)}.${digest}`;
}
