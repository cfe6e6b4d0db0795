/**
 * The campaign that a page view came from: the link's parameters, as Google Analytics, Matomo and Snowplow read them.
 */
import type { TrackingEvent } from '../event.ts';
import type { Campaign } from './enriched-event.ts';

const parameters = {
  source: 'utm_source',
  medium: 'utm_medium',
  name: 'utm_campaign',
  term: 'utm_term',
  content: 'utm_content',
  id: 'utm_id',
} as const;

/** By these networks mark clicks: Google, Microsoft, Meta, X, TikTok, LinkedIn. */
const clicks = ['gclid', 'gbraid', 'wbraid', 'dclid', 'msclkid', 'fbclid', 'twclid', 'ttclid', 'li_fat_id'] as const;

const lengthMax = 256;

/** What the sender said goes before what the address says. Undefined when there is neither. */
export function campaignOf(event: TrackingEvent): Campaign | undefined {
  const { campaign: said, page } = event.context ?? {};
  const query = queryOf(page?.search, page?.url);
  const found: Record<string, string> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = said?.[name] ?? query?.get(parameter);
    if (typeof value === 'string' && value !== '') found[name] = value.slice(0, lengthMax);
  }
  const click = clicks.find((name) => query?.has(name));
  if (click !== undefined) found['click'] = click;
  return Object.keys(found).length === 0 ? undefined : found;
}

function queryOf(search: string | undefined, url: string | undefined): URLSearchParams | undefined {
  if (search !== undefined && search !== '') return new URLSearchParams(search);
  // Access logs have targets, not whole addresses.
  const [, query] = /\?([^#]*)/.exec(url ?? '') ?? [];
  return query === undefined ? undefined : new URLSearchParams(query);
}
