import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandomness } from '@millrace/base';
import fc from 'fast-check';
import { KeptInMemory } from '../clean/kept-in-memory.ts';
import type { TrackingEvent } from '../event.ts';
import { browser, counterOf, page, viewOf } from '../testing/made-events.ts';

function request(id: string, status: number, path: string, userAgent = browser): TrackingEvent {
  const context = { userAgent, page: { path }, request: { method: 'GET' }, response: { status } };
  return page(id, path, 0, { type: 'request', context });
}

test('an event that comes again counts once, whenever and through whatever network it was sent again', async () => {
  const event = page('1', '/', 0);
  const again: TrackingEvent = {
    ...event,
    sentAt: '2026-01-01T00:05:00.000Z',
    receivedAt: '2026-01-01T00:05:01.000Z',
    timestamp: '2026-01-01T00:00:01.000Z',
    context: { ...event.context, ip: '198.51.100.0' },
  };
  const counter = await counterOf([event, again, event]);
  const { events, pageViews, duplicates } = counter.view.totals();
  assert.deepEqual({ events, pageViews, duplicates }, { events: 1, pageViews: 1, duplicates: 2 });
  assert.equal(counter.has(again), true);
});

test('two different events under one id both count', async () => {
  const { events, duplicates } = (await viewOf([page('1', '/a', 0), page('1', '/b', 0)])).totals();
  assert.deepEqual({ events, duplicates }, { events: 2, duplicates: 0 });
});

test('statuses count every request, pages only what people saw', async () => {
  const view = await viewOf([
    request('1', 200, '/a'),
    request('2', 304, '/a'),
    request('3', 404, '/a'),
    request('4', 200, '/style.css'),
    request('5', 200, '/a', 'Googlebot/2.1 (+http://www.google.com/bot.html)'),
    page('6', '/b', 1),
  ]);
  const totals = view.totals();
  assert.deepEqual(totals.statuses, [
    { status: 200, requests: 3 },
    { status: 304, requests: 1 },
    { status: 404, requests: 1 },
  ]);
  assert.deepEqual(totals.pages, [
    { site: 'shop', path: '/a', views: 2 },
    { site: 'shop', path: '/b', views: 1 },
  ]);
  assert.deepEqual([totals.requests, totals.pageViews, totals.automated, totals.visitors], [5, 3, 1, 1]);
});

test('sites are counted apart and summed', async () => {
  const view = await viewOf([page('1', '/', 0), page('2', '/', 90), page('3', '/', 1, { site: 'blog' })]);
  const { events, visits, firstAt, lastAt, sites } = view.totals();
  assert.deepEqual(
    { events, visits, firstAt, lastAt },
    {
      events: 3,
      visits: 3,
      firstAt: '2026-01-01T00:00:00.000Z',
      lastAt: '2026-01-01T01:30:00.000Z',
    },
  );
  assert.deepEqual(
    sites.map(({ site, events }) => [site, events]),
    [
      ['shop', 2],
      ['blog', 1],
    ],
  );
  assert.equal(view.totals({ site: 'blog' }).events, 1);
  const none = view.totals({ site: 'nothing' });
  assert.deepEqual([none.events, none.firstAt, none.pages], [0, null, []]);
});

test('pages with as many views come in the order of their names, and no more than asked for', async () => {
  const events = ['/c', '/a', '/b'].map((path, index) => page(String(index), path, 0));
  assert.deepEqual(
    (await viewOf(events)).totals({ pages: 2 }).pages.map(({ path }) => path),
    ['/a', '/b'],
  );
});

test('the most viewed of many pages are those of a sorted list', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(9), fc.constantFrom('x', 'y'))), fc.nat(12), async (visits, most) => {
      const events = visits.map(([path, site], index) => page(String(index), `/${path}`, 0, { site }));
      const views = Object.entries(Object.groupBy(visits, ([path, site]) => `${site} /${path}`)).map(
        ([key, own = []]) => {
          const [site = '', path = ''] = key.split(' ');
          return { site, path, views: own.length };
        },
      );
      const key = ({ site, path }: { site: string; path: string }): string => `${site} ${path}`;
      views.sort((a, b) => b.views - a.views || (key(a) < key(b) ? -1 : 1));
      assert.deepEqual((await viewOf(events)).totals({ pages: most }).pages, views.slice(0, most));
    }),
  );
});

test('any order and any repetition of the same events give the same totals', async () => {
  const event = fc
    .tuple(
      fc.nat(30),
      fc.constantFrom('/', '/a', '/b'),
      fc.nat(200),
      fc.constantFrom('ann', 'bob'),
      fc.constantFrom('x', 'y'),
    )
    .map(([id, path, minutes, anonymousId, site]) => page(`${id}`, path, minutes, { anonymousId, site }));
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 30 }), fc.nat(), async (events, seed) => {
      const randomness = seededRandomness(seed);
      const shuffled = [...events, ...events]
        .map((each) => ({ each, key: randomness.float() }))
        .sort((left, right) => left.key - right.key)
        .map(({ each }) => each);
      const { duplicates: _, ...expected } = (await viewOf(events)).totals();
      const { duplicates, ...totals } = (await viewOf(shuffled)).totals();
      assert.deepEqual(totals, expected);
      assert.equal(duplicates, shuffled.length - totals.events);
    }),
  );
});

test('a hundred thousand events are all told apart, in under 10 MB', () => {
  const kept = new KeptInMemory();
  for (let id = 0; id < 100_000; id++) kept.keep(String(id), 'digest');
  for (let id = 0; id < 100_000; id += 7) assert.equal(kept.compare(String(id), 'digest'), 'same');
  for (let id = 0; id < 100_000; id += 7) assert.equal(kept.compare(String(id), 'else'), 'other');
  for (let id = 100_000; id < 110_000; id++) assert.equal(kept.compare(String(id), 'digest'), 'new');
  assert.ok(kept.bytes < 10_000_000);
});
