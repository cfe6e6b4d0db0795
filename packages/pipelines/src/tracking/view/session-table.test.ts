/**
 * Sessions against an oracle: sort a visitor's events by time, cut wherever more than the gap lies between two. The
 * oracle sees all events at once; the code under test sees them one by one, in any order, and is closed and opened
 * again in between.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryStore } from '@millrace/store';
import fc from 'fast-check';
import { type Session, sessionGapMs } from './session.ts';
import { type FoundSession, SessionTable } from './session-table.ts';

const runs = { numRuns: Math.ceil(300 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };
const minute = 60_000;

interface Event {
  readonly visitor: string;
  readonly at: number;
  readonly isPageView: boolean;
}

interface Figures {
  visitors: number;
  sessions: number;
  visits: number;
  bounces: number;
  durationMs: number;
}

function oracle(events: readonly Event[]): { figures: Figures; sessions: string[] } {
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
  const bounds = sessions.map((session) => [session[0]?.at ?? 0, session.at(-1)?.at ?? 0] as const);
  return {
    figures: {
      visitors: visitors.size,
      sessions: sessions.length,
      visits: pageViews.filter((count) => count > 0).length,
      bounces: pageViews.filter((count) => count === 1).length,
      durationMs: bounds.reduce((sum, [start, end]) => sum + end - start, 0),
    },
    sessions: sessions
      .map((session, index) =>
        [session[0]?.visitor, ...(bounds[index] ?? []), session.length, pageViews[index]].join(' '),
      )
      .sort(),
  };
}

function sessionOfEvent({ at, isPageView }: Event): Session {
  const viewed = isPageView ? { at, what: '/' } : null;
  return { start: at, end: at, events: 1, pageViews: isPageView ? 1 : 0, entry: viewed, exit: viewed, source: null };
}

/** Adds events to a table; after each for which `opensAgain` says so it is written and opened anew. */
async function counted(events: readonly Event[], opensAgain: (index: number) => boolean = () => false) {
  const store = openMemoryStore();
  let table = new SessionTable(store);
  const figures: Figures = { visitors: 0, sessions: 0, visits: 0, bounces: 0, durationMs: 0 };
  const write = async (): Promise<void> => {
    const batch = store.batch();
    table.commit(batch);
    await store.write(batch);
  };
  for (const [index, event] of events.entries()) {
    const { isNewVisitor, ...change } = table.add('site', event.visitor, sessionOfEvent(event));
    if (isNewVisitor) figures.visitors++;
    for (const name of ['sessions', 'visits', 'bounces', 'durationMs'] as const) figures[name] += change[name];
    if (!opensAgain(index)) continue;
    await write();
    table = new SessionTable(store);
  }
  await write();
  const found = [...table.between('site', { from: -1e12, to: 1e12 })];
  const text = ({ visitor, start, end, events: count, pageViews }: FoundSession): string =>
    [visitor, start, end, count, pageViews].join(' ');
  return { figures, sessions: found.map(text).sort(), found };
}

const at = (minutes: number, isPageView = true, visitor = 'a'): Event => ({
  visitor,
  at: minutes * minute,
  isPageView,
});

test('30 minutes of silence still belong together, a millisecond more does not', async () => {
  assert.equal((await counted([at(0), at(30)])).figures.sessions, 1);
  assert.equal((await counted([at(0), { ...at(30), at: 30 * minute + 1 }])).figures.sessions, 2);
});

test('a late event joins the two sessions that it lies between', async () => {
  const apart = [at(0), at(50)];
  const { figures } = await counted(apart);
  assert.deepEqual(figures, { visitors: 1, sessions: 2, visits: 2, bounces: 2, durationMs: 0 });
  const joined = await counted([...apart, at(25)]);
  assert.deepEqual(joined.figures, { visitors: 1, sessions: 1, visits: 1, bounces: 0, durationMs: 50 * minute });
  assert.deepEqual(joined.sessions, ['a 0 3000000 3 3']);
});

test('a session without a page view is no visit, until a late page view makes it one', async () => {
  const images = [at(0, false), at(1, false)];
  const { figures } = await counted(images);
  assert.deepEqual([figures.sessions, figures.visits], [1, 0]);
  const later = (await counted([...images, at(-1)])).figures;
  assert.deepEqual([later.sessions, later.visits], [1, 1]);
});

test('sessions are found by when they began', async () => {
  const { found } = await counted([at(300, true, 'a'), at(0, true, 'b'), at(-500, true, 'c')]);
  assert.deepEqual(
    found.map(({ visitor }) => visitor),
    ['c', 'b', 'a'],
  );
});

test('in any order, opened again at any moment, sessions and figures are those of the oracle', async () => {
  const event = fc.record({
    visitor: fc.constantFrom('a', 'b', 'c'),
    // Multiples of five minutes hit the gap exactly, odd milliseconds go past it.
    at: fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.constantFrom(0, 0, 0, 1))
      .map(([step, odd]) => step * 5 * minute + odd),
    isPageView: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(event, fc.boolean()), { maxLength: 40 }), async (given) => {
      const events = given.map(([each]) => each);
      const { figures, sessions } = await counted(events, (index) => given[index]?.[1] === true);
      assert.deepEqual({ figures, sessions }, oracle(events));
    }),
    runs,
  );
});
