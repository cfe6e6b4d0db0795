/** Funnels, retention and live page views of events whose answers are plain to see. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TrackingEvent } from '../event.ts';
import { browser, page, viewOf } from '../testing/made-events.ts';
import { funnelOf, longestWay } from './funnel.ts';
import { liveOf } from './live.ts';
import { retentionOf } from './retention.ts';
import { sessionsOf } from './sessions.ts';

const day = 24 * 60;

function bought(id: string, minutes: number, more: Partial<TrackingEvent> = {}): TrackingEvent {
  return page(id, '/', minutes, { type: 'track', event: 'Bought', context: { userAgent: browser }, ...more });
}

async function peopleOf(events: readonly TrackingEvent[], withinMinutes = 7 * day): Promise<number[]> {
  const steps = ['/', '/cart', 'Bought'];
  const { steps: found } = await funnelOf(await viewOf(events), {
    site: 'shop',
    steps,
    withinMs: withinMinutes * 60_000,
  });
  return found.map(({ people }) => people);
}

test('a funnel counts people by how far they come, in order and in time', async () => {
  const ann = [page('1', '/', 0), page('2', '/cart', 5), bought('3', 9)];
  assert.deepEqual(await peopleOf(ann), [1, 1, 1]);
  assert.deepEqual(await peopleOf(ann, 8), [1, 1, 0]);
  assert.deepEqual(await peopleOf([page('1', '/', 6), page('2', '/cart', 5), bought('3', 9)]), [1, 0, 0]);
  const bob = { anonymousId: 'bob' };
  assert.deepEqual(await peopleOf([...ann, page('4', '/', 1, bob), bought('5', 2, bob)]), [2, 1, 1]);
});

test('a funnel takes the way that leads furthest, and follows a person from one device to another', async () => {
  const late = [page('1', '/', 0), page('2', '/cart', 100), page('3', '/', 90), bought('4', 110)];
  assert.deepEqual(await peopleOf(late, 30), [1, 1, 1]);
  const phone = { anonymousId: 'phone' };
  const logins = [page('5', '/login', 20, { userId: 'ann' }), page('6', '/login', 21, { ...phone, userId: 'ann' })];
  const split = [
    page('1', '/', 0),
    page('2', '/cart', 5, phone),
    bought('3', 9, { anonymousId: 'other', userId: 'ann' }),
  ];
  assert.deepEqual(await peopleOf(split), [1, 0, 0]);
  assert.deepEqual(await peopleOf([...split, ...logins]), [1, 1, 1]);
});

test('the longest way is as long as trying all ways finds', () => {
  const done = fc.array(fc.record({ at: fc.nat(20), step: fc.nat(2) }), { maxLength: 9 });
  fc.assert(
    fc.property(done, fc.nat(20), (given, withinMs) => {
      const ordered = given.toSorted((left, right) => left.at - right.at);
      const further = (from: number, step: number, start: number): number =>
        Math.max(
          0,
          ...ordered.map(({ at, step: next }, index) =>
            index >= from && next === step && at <= start + withinMs
              ? 1 + further(index + 1, step + 1, step === 0 ? at : start)
              : 0,
          ),
        );
      const bounds = { steps: 3, withinMs, from: -1, to: 100 };
      assert.equal(longestWay(ordered, bounds).length, further(0, 0, Number.POSITIVE_INFINITY));
    }),
  );
});

test('retention counts who came back, by the day or week they first came', async () => {
  const bob = { anonymousId: 'bob' };
  const events = [page('1', '/', 0), page('2', '/', day), page('3', '/', 3 * day), page('4', '/', day, bob)];
  const days = await retentionOf(await viewOf(events), { site: 'shop', period: 'day', periods: 8 });
  assert.deepEqual(days.cohorts, [
    { start: '2026-01-01', people: 1, returned: [1, 1, 0, 1] },
    { start: '2026-01-02', people: 1, returned: [1, 0, 0] },
  ]);
  // The year began on a Thursday.
  const weeks = await retentionOf(await viewOf([...events, page('5', '/', 5 * day, bob)]), {
    ...{ site: 'shop', period: 'week', periods: 8 },
  });
  assert.deepEqual(weeks.cohorts, [{ start: '2025-12-29', people: 2, returned: [2, 1] }]);
  const joined = [
    ...events,
    page('6', '/', 4 * day, { userId: 'ann' }),
    page('7', '/', 4 * day, { ...bob, userId: 'ann' }),
  ];
  const { cohorts } = await retentionOf(await viewOf(joined), { site: 'shop', period: 'day', periods: 8 });
  assert.deepEqual(cohorts, [{ start: '2026-01-01', people: 1, returned: [1, 1, 0, 1, 1] }]);
});

test('live page views are those of the last minutes, by the time they happened', async () => {
  const now = Date.now();
  const minutes = (now - Date.UTC(2026, 0, 1)) / 60_000;
  const bob = { anonymousId: 'bob' };
  const view = await viewOf([
    page('1', '/', minutes),
    page('2', '/', minutes - 2, bob),
    page('3', '/a', minutes - 2),
    page('4', '/', minutes - 200),
    page('5', '/', 0),
    page('6', '/', minutes, { site: 'blog' }),
  ]);
  const all = liveOf(view, { minutes: 10, pages: 5, now });
  assert.deepEqual([all.pageViews, all.visitors, all.minutes.at(-1), all.minutes.at(-3)], [4, 3, 2, 2]);
  assert.deepEqual(all.pages[0], { site: 'shop', path: '/', views: 2 });
  const blog = liveOf(view, { site: 'blog', minutes: 10, pages: 5, now });
  assert.deepEqual([blog.pageViews, blog.visitors], [1, 1]);
});

test('sessions are listed with who it was, by when they began', async () => {
  const view = await viewOf([
    page('1', '/', 0),
    page('2', '/a', 10, { userId: 'ann' }),
    page('3', '/b', 100, { anonymousId: 'bob' }),
  ]);
  const { sessions, more } = sessionsOf(view, { site: 'shop', limit: 1, newest: true });
  assert.deepEqual([sessions.map(({ visitor, user }) => [visitor, user]), more], [[['bob', null]], true]);
  const early = sessionsOf(view, { site: 'shop', limit: 9, newest: false, to: Date.UTC(2026, 0, 1, 1) });
  assert.deepEqual(
    early.sessions.map(({ user, entry, exit, seconds }) => [user, entry, exit, seconds]),
    [['ann', '/', '/a', 600]],
  );
});
