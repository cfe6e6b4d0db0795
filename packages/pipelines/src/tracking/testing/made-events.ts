/** For tests: events, and what a view in memory makes of them. */

import type { TrackingEvent } from '../event.ts';
import { EventCounter } from '../event-counter.ts';
import type { TrackingView } from '../view/tracking-view.ts';

export const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** A page view so many minutes into the year 2026. */
export function page(id: string, path: string, minutes: number, more: Partial<TrackingEvent> = {}): TrackingEvent {
  const at = new Date(Date.UTC(2026, 0, 1) + minutes * 60_000).toISOString();
  return {
    type: 'page',
    messageId: id,
    site: 'shop',
    anonymousId: 'ann',
    timestamp: at,
    originalTimestamp: at,
    receivedAt: at,
    context: { userAgent: browser, page: { path } },
    ...more,
  };
}

/** Counts events as those of a topic are counted. */
export async function counterOf(events: readonly TrackingEvent[]): Promise<EventCounter> {
  const counter = await EventCounter.open({ keepsSteps: true });
  for (const event of events) counter.add(event);
  await counter.commit();
  return counter;
}

export async function viewOf(events: readonly TrackingEvent[]): Promise<TrackingView> {
  return (await counterOf(events)).view;
}
