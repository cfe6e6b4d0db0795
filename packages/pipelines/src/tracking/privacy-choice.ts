/** What a person has said about being tracked, and what is kept of an event then. */
import type { TrackingEvent } from './event.ts';

/**
 * `named`: kept as it is. `nameless`: kept without anything that tells who it is. `withheld`: not kept at all.
 */
export type PrivacyChoice = 'named' | 'nameless' | 'withheld';

/** What browsers send with each request. */
export interface PrivacyHeaders {
  /** `Sec-GPC`: Global Privacy Control. */
  readonly globalPrivacyControl: string | undefined;
  /** `DNT`: the older Do Not Track. */
  readonly doNotTrack: string | undefined;
}

/** Events that say nothing but who somebody is. */
const namesOnly = new Set(['identify', 'group', 'alias']);

/**
 * Consent that was refused (`context.consent.categoryPreferences.analytics` is false, in any case of letters) withholds
 * an event. Global Privacy Control or Do Not Track, as headers or as the event says, make it nameless, and withhold
 * what would say nothing but a name. `event` is what was posted, whatever it is.
 */
export function privacyChoiceOf(event: unknown, headers: PrivacyHeaders): PrivacyChoice {
  const { type, nameless, context } = asObject(event);
  const { consent, doNotTrack, globalPrivacyControl } = asObject(context);
  const preferences = Object.entries(asObject(asObject(consent)['categoryPreferences']));
  if (preferences.some(([name, isGiven]) => name.toLowerCase() === 'analytics' && isGiven === false)) return 'withheld';
  const isNameless =
    nameless === true ||
    doNotTrack === true ||
    globalPrivacyControl === true ||
    headers.globalPrivacyControl === '1' ||
    headers.doNotTrack === '1';
  if (!isNameless) return 'named';
  return namesOnly.has(String(type)) ? 'withheld' : 'nameless';
}

/**
 * What is left of an accepted event: that it happened, when, where on the site, and from which host. No ids, address,
 * user agent, queries, properties or traits.
 */
export function withoutNames(event: TrackingEvent): TrackingEvent {
  const { type, name, messageId, site, platform, timestamp, receivedAt, originalTimestamp, sentAt } = event;
  const { page, request, response } = event.context ?? {};
  const path = page?.path ?? pathOf(page?.url);
  const title = page?.title;
  const referrer = originOf(page?.referrer);
  return {
    type,
    ...(event.event !== undefined && { event: event.event }),
    ...(name !== undefined && { name }),
    messageId,
    site,
    ...(platform !== undefined && { platform }),
    timestamp,
    ...(originalTimestamp !== undefined && { originalTimestamp }),
    ...(sentAt !== undefined && { sentAt }),
    receivedAt,
    nameless: true,
    context: {
      page: {
        ...(path !== undefined && { path }),
        ...(title !== undefined && { title }),
        ...(referrer !== undefined && { referrer }),
      },
      ...(request !== undefined && { request }),
      ...(response !== undefined && { response }),
    },
  };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function originOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? `${new URL(url).origin}/` : undefined;
}

function pathOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).pathname : undefined;
}
