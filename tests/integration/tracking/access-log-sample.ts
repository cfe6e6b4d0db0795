/**
 * A made-up access log and what it adds up to. The expectation is counted from the list of requests, the plain way:
 * sort, cut where 30 minutes pass, sum. It shares nothing with the code under test but the definitions.
 */
import { type Randomness, seededRandomness } from '@millrace/base';

export interface SampleTotals {
  readonly requests: number;
  readonly pageViews: number;
  readonly visits: number;
  readonly visitors: number;
  readonly sessions: number;
  readonly automated: number;
  /** `status: requests`, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** `path: views`. */
  readonly pages: Readonly<Record<string, number>>;
}

interface Request {
  readonly at: number;
  readonly host: string;
  readonly userAgent: string;
  readonly path: string;
  readonly status: number;
}

const browsers = Array.from({ length: 5 }, (_, version) => `Mozilla/5.0 (X11; Linux) Firefox/${version + 100}.0`);
const robot = 'Mozilla/5.0 (compatible; Examplebot/1.0; +http://bot.example/)';
const paths = ['/', '/a/', '/b.html', '/c.php?x=1', '/d', '/style.css', '/logo.png', '/feed.xml'];
const statuses = [200, 200, 200, 200, 200, 304, 404, 301, 500];
const begin = Date.UTC(2026, 0, 1);

/** A log of `lines` lines over some days, nearly in order, some lines equal, and its totals. */
export function sampleLog(lines: number, seed: number): { readonly log: string; readonly totals: SampleTotals } {
  const randomness = seededRandomness(seed);
  const requests: Request[] = [];
  while (requests.length < lines) {
    const earlier = requests.at(-1);
    if (earlier !== undefined && randomness.integer(50) === 0) requests.push(earlier);
    else requests.push(randomRequest(randomness, (requests.length / lines) * 3 * 86_400));
  }
  return { log: requests.map(lineOf).join(''), totals: totalsOf(requests) };
}

function randomRequest(randomness: Randomness, second: number): Request {
  const pick = <T>(from: readonly T[]): T => from[randomness.integer(from.length)] as T;
  // Servers write a line when a request ends: the order is off by up to a minute.
  const at = begin + Math.floor(second + randomness.integer(60)) * 1_000;
  const host = `203.0.${randomness.integer(4)}.${randomness.integer(100)}`;
  const userAgent = randomness.integer(6) === 0 ? robot : pick(browsers);
  return { at, host, userAgent, path: pick(paths), status: pick(statuses) };
}

function lineOf({ at, host, userAgent, path, status }: Request): string {
  const [, day, month, year, time] = /, (\d\d) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString()) ?? [];
  const moment = `${day}/${month}/${year}:${time} +0000`;
  return `${host} - - [${moment}] "GET ${path} HTTP/1.1" ${status} 512 "-" "${userAgent}"\n`;
}

function totalsOf(requests: readonly Request[]): SampleTotals {
  const people = requests.filter(({ userAgent }) => userAgent !== robot);
  const pages = people.filter(isPage);
  const visitors = Map.groupBy(people, ({ host, userAgent }) => `${host} ${userAgent}`);
  const sessions = [...visitors.values()].flatMap((own) => cut(own.toSorted((left, right) => left.at - right.at)));
  return {
    requests: requests.length,
    pageViews: pages.length,
    visits: sessions.filter((session) => session.some(isPage)).length,
    visitors: visitors.size,
    sessions: sessions.length,
    automated: requests.length - people.length,
    statuses: countBy(requests, ({ status }) => String(status)),
    pages: countBy(pages, ({ path }) => path.split('?')[0] as string),
  };
}

function isPage({ path, status }: Request): boolean {
  return (status === 200 || status === 304) && !/\.(?:css|png|xml)$/.test(path);
}

function cut(ordered: readonly Request[]): Request[][] {
  const sessions: Request[][] = [];
  for (const [index, request] of ordered.entries()) {
    const before = ordered[index - 1];
    if (before === undefined || request.at - before.at > 30 * 60_000) sessions.push([]);
    sessions.at(-1)?.push(request);
  }
  return sessions;
}

function countBy(requests: readonly Request[], keyOf: (request: Request) => string): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(requests, keyOf)].map(([key, group]) => [key, group.length]));
}
