/**
 * What browsers tell of the page that asks. A page of another origin may neither change nor read anything: it could not
 * see the answer anyway, but could make the server work. Programs send neither header.
 */
export interface AskingPage {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Fetch Metadata: `same-origin`, `same-site`, `cross-site`, or `none` when a person typed the address. */
  readonly fetchSite: string | undefined;
}

/** In words which page of another origin asks; undefined when none does. */
export function foreignPage({ host, origin, fetchSite }: AskingPage): string | undefined {
  if (origin !== undefined && !isSameOrigin(origin, host)) return `a page of ${origin}`;
  if (fetchSite === 'cross-site' || fetchSite === 'same-site') return 'a page of another origin';
  return undefined;
}

/** Whether a page of this server's own asks: browsers send Origin with every change that a page makes. */
export function isSameOrigin(origin: string | undefined, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
