import type { StoredEvent } from '@millrace/pipelines';
import { printable } from '../framework/printable.ts';

type TrackingEvent = Exclude<StoredEvent, { readonly unreadable: string }>;

/** An event as one line for people: when, where, who, what. */
export function eventLine(event: TrackingEvent): string {
  const { page, response } = event.context ?? {};
  const what = [event.event ?? event.name, page?.path ?? page?.url, response?.status].filter(
    (part) => part !== undefined,
  );
  const who = (event.userId ?? event.anonymousId ?? '').slice(0, 12);
  return printable(`${event.timestamp}  ${event.site}  ${who.padEnd(12)}  ${event.type.padEnd(8)}  ${what.join(' ')}`);
}
