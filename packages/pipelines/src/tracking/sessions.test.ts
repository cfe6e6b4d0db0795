/**
 * Sessions against an oracle: sort a visitor's events by time, cut wherever more than the gap lies between two. The
 * oracle sees all events at once; the code under test sees them one by one, in any order.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type SessionCounts, Sessions, sessionGapMs } from './sessions.ts';

const runs = { numRuns: Math.ceil(500 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };
const minute = 60_000;

interface Event {
  readonly visitor: string;
  readonly at: number;
  readonly isPageView: boolean;
}

function oracle(events: readonly Event[]): SessionCounts & { visitors: number } {
  const visitors = Map.groupBy(events, (event) => event.visitor);
  const sessions: Event[][] = [];
  for (const own of visitors.values()) {
    const ordered = own.toSorted((left, right) => left.at - right.at);
    for (const [index, event] of ordered.entries()) {
      const before = ordered[index - 1];
      if (before === undefined || event.at - before.at > sessionGapMs) sessions.push([]);
      sessions.at(-1)?.push(event);
    }
  }
  const pageViews = sessions.map((session) => session.filter((event) => event.isPageView).length);
  return {
    visitors: visitors.size,
    sessions: sessions.length,
    visits: pageViews.filter((count) => count > 0).length,
    bounces: pageViews.filter((count) => count === 1).length,
    durationMs: sessions.reduce((sum, session) => sum + (session.at(-1)?.at ?? 0) - (session[0]?.at ?? 0), 0),
  };
}

function counted(events: readonly Event[]): SessionCounts & { visitors: number } {
  const sessions = new Sessions();
  for (const event of events) sessions.add(event.visitor, event.at, event.isPageView);
  return { visitors: sessions.visitors, ...sessions.counts };
}

const at = (minutes: number, isPageView = true, visitor = 'a'): Event => ({
  visitor,
  at: minutes * minute,
  isPageView,
});

test('30 minutes of silence still belong together, a millisecond more does not', () => {
  assert.equal(counted([at(0), at(30)]).sessions, 1);
  assert.equal(counted([at(0), { ...at(30), at: 30 * minute + 1 }]).sessions, 2);
});

test('a late event joins the two sessions that it lies between', () => {
  const apart = [at(0), at(50)];
  assert.deepEqual(counted(apart), { visitors: 1, sessions: 2, visits: 2, bounces: 2, durationMs: 0 });
  assert.deepEqual(counted([...apart, at(25)]), {
    visitors: 1,
    sessions: 1,
    visits: 1,
    bounces: 0,
    durationMs: 50 * minute,
  });
});

test('a session without a page view is no visit, until a late page view makes it one', () => {
  const images = [at(0, false), at(1, false)];
  assert.deepEqual([counted(images).sessions, counted(images).visits], [1, 0]);
  assert.deepEqual([counted([...images, at(-1)]).sessions, counted([...images, at(-1)]).visits], [1, 1]);
});

test('visitors have sessions of their own', () => {
  assert.equal(counted([at(0, true, 'a'), at(1, true, 'b')]).sessions, 2);
});

test('in any order the figures are those of the oracle, after every event', () => {
  const event = fc.record({
    visitor: fc.constantFrom('a', 'b', 'c'),
    // Multiples of five minutes hit the gap exactly, odd milliseconds go past it.
    at: fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.constantFrom(0, 0, 0, 1))
      .map(([step, odd]) => step * 5 * minute + odd),
    isPageView: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const sessions = new Sessions();
      for (const [index, each] of events.entries()) {
        sessions.add(each.visitor, each.at, each.isPageView);
        assert.deepEqual({ visitors: sessions.visitors, ...sessions.counts }, oracle(events.slice(0, index + 1)));
      }
    }),
    runs,
  );
});
