/** From an event as a sender posts it to the event as it is stored. */
import type { IncomingEvent, TrackingEvent } from './event.ts';
import { truncateAddress } from './truncate-address.ts';

/** What the collector knows of a request. */
export interface Receipt {
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly remoteAddress: string;
  readonly userAgent: string | undefined;
  /** When the sender sent the batch, by its own clock; an event's own `sentAt` goes before. */
  readonly sentAt: string | undefined;
  /** The site of events that name none: where the page came from. */
  readonly site: string;
  newId(): string;
}

/**
 * The stored form of a checked event. Only the network part of the IP address is kept.
 *
 * `timestamp` is corrected for the sender's clock: what lies between happening and sending, by that clock, is
 * subtracted from when it arrived. Without `sentAt` the sender's time is believed. Nothing happens later than it was
 * received, or before the year 0, which RFC 3339 can't write.
 */
export function acceptEvent(event: IncomingEvent, receipt: Receipt): TrackingEvent {
  const sentAt = event.sentAt ?? receipt.sentAt;
  const original = event.originalTimestamp ?? event.timestamp;
  const { ip, ...context } = event.context ?? {};
  const network = truncateAddress(ip ?? receipt.remoteAddress);
  const userAgent = context.userAgent ?? browserIn(receipt.userAgent);
  return {
    ...event,
    messageId: event.messageId ?? receipt.newId(),
    site: event.site ?? receipt.site,
    timestamp: new Date(happenedAt(original, sentAt, receipt.receivedAt)).toISOString(),
    ...(original !== undefined && { originalTimestamp: original }),
    ...(sentAt !== undefined && { sentAt }),
    receivedAt: new Date(receipt.receivedAt).toISOString(),
    context: {
      ...context,
      ...(userAgent !== undefined && { userAgent }),
      ...(network !== undefined && { ip: network }),
    },
  };
}

/** A server's library speaks for somebody whose browser it does not name. */
function browserIn(userAgent: string | undefined): string | undefined {
  return userAgent !== undefined && /^(?:Mozilla|Opera)\//.test(userAgent) ? userAgent.slice(0, 2_048) : undefined;
}

const yearZero = Date.parse('0000-01-01T00:00:00Z');

function happenedAt(original: string | undefined, sentAt: string | undefined, receivedAt: number): number {
  if (original === undefined) return receivedAt;
  const happened = Date.parse(original);
  const sent = sentAt === undefined ? undefined : Date.parse(sentAt);
  const corrected = sent === undefined || Number.isNaN(sent) ? happened : receivedAt - Math.max(0, sent - happened);
  return Math.max(yearZero, Math.min(corrected, receivedAt));
}
