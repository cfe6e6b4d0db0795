/** People against an oracle that sees all events at once: who they are, and how many each site has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryStore } from '@millrace/store';
import fc from 'fast-check';
import { type TrackingEvent, userKey } from '../event.ts';
import { page } from '../testing/made-events.ts';
import { actorOf, deviceKey, PeopleTable } from './people-table.ts';

const runs = { numRuns: Math.ceil(300 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

interface Found {
  /** By actor: who they are. */
  readonly persons: Readonly<Record<string, string>>;
  readonly people: Readonly<Record<string, number>>;
}

async function found(events: readonly TrackingEvent[], opensAgain: (index: number) => boolean): Promise<Found> {
  const store = openMemoryStore();
  let table = new PeopleTable(store);
  const people: Record<string, number> = {};
  const write = async (): Promise<void> => {
    const batch = store.batch();
    table.commit(batch);
    await store.write(batch);
  };
  for (const [index, event] of events.entries()) {
    table.add(event, (site, change) => {
      people[site] = (people[site] ?? 0) + change;
    });
    if (!opensAgain(index)) continue;
    await write();
    table = new PeopleTable(store);
  }
  await write();
  return { persons: personsOf(events, (actor) => table.personOf(actor)), people };
}

/** Users that aliases join, by the least of them; devices by whom was first seen with them. */
function oracle(events: readonly TrackingEvent[]): Found {
  const aliases = events.flatMap(({ type, userId, previousId }) =>
    type === 'alias' && userId !== undefined && previousId !== undefined ? [[userId, previousId] as const] : [],
  );
  const standsFor = (user: string): string => {
    const joined = new Set([user]);
    for (let before = 0; before !== joined.size; ) {
      before = joined.size;
      for (const [left, right] of aliases) if (joined.has(left) || joined.has(right)) joined.add(left).add(right);
    }
    return [...joined].sort()[0] as string;
  };
  const owner = (device: string): string | undefined =>
    events
      .flatMap(({ anonymousId, previousId, userId, timestamp, type }) => {
        const isOwn = anonymousId === device || (type === 'alias' && previousId === device);
        return isOwn && userId !== undefined ? [`${timestamp} ${userId}`] : [];
      })
      .sort()[0]
      ?.split(' ')[1];
  const personOf = (actor: string): string => {
    const [kind, id = ''] = actor.split(':');
    const user = kind === 'user' ? id : owner(id);
    return user === undefined ? actor : userKey(standsFor(user));
  };
  const people: Record<string, number> = {};
  for (const [site, own] of Map.groupBy(events, (event) => event.site)) {
    people[site] = new Set(Object.values(personsOf(own, personOf))).size;
  }
  return { persons: personsOf(events, personOf), people };
}

function personsOf(events: readonly TrackingEvent[], personOf: (actor: string) => string): Record<string, string> {
  const actors = events.flatMap((event) => actorOf(event) ?? []);
  return Object.fromEntries([...new Set(actors)].sort().map((actor) => [actor, personOf(actor)]));
}

const of = (anonymousId: string | undefined, userId?: string, minutes = 0): TrackingEvent => {
  const { anonymousId: _, ...event } = page('1', '/', minutes);
  return { ...event, ...(anonymousId !== undefined && { anonymousId }), ...(userId !== undefined && { userId }) };
};

test('devices on which one user logs in are one person, also for what was done before', async () => {
  const { persons, people } = await found(
    [of('phone'), of('laptop'), of('phone', 'ann'), of('laptop', 'ann')],
    () => true,
  );
  assert.deepEqual(people, { shop: 1 });
  assert.equal(persons[deviceKey('phone')], userKey('ann'));
  assert.equal(persons[deviceKey('laptop')], userKey('ann'));
});

test('a computer that two users share does not make one of them, and belongs to who was first', async () => {
  const events = [of('shared', 'bob', 5), of('shared', 'ann', 1), of('shared')];
  for (const order of [events, events.toReversed()]) {
    const { persons, people } = await found(order, () => false);
    assert.deepEqual(people, { shop: 2 });
    assert.equal(persons[deviceKey('shared')], userKey('ann'));
  }
});

test('an alias makes one person of two users and all their devices', async () => {
  const alias = { ...of(undefined, 'zoe'), type: 'alias', previousId: 'ann' } as const;
  const { persons, people } = await found([of('phone', 'ann'), of('laptop', 'zoe'), alias], () => true);
  assert.deepEqual(people, { shop: 1 });
  assert.equal(persons[userKey('zoe')], userKey('ann'));
  assert.equal(persons[deviceKey('laptop')] ?? persons[userKey('zoe')], userKey('ann'));
});

test('a device that turns out to be somebody else leaves the person that it was joined with', async () => {
  const alias = { ...of(undefined, 'zoe'), type: 'alias', previousId: 'ann' } as const;
  const events = [of('phone'), of('phone', 'zoe', 9), alias, of('phone', 'bob', 1)];
  const { persons, people } = await found(events, () => false);
  assert.equal(persons[deviceKey('phone')], userKey('bob'));
  assert.deepEqual(people, { shop: 2 });
});

test('in any order, opened again at any moment, people are those of the oracle', async () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const event = fc
    .record({
      anonymousId: fc.option(id, { nil: undefined }),
      userId: fc.option(id, { nil: undefined }),
      previousId: fc.option(id, { nil: undefined }),
      site: fc.constantFrom('shop', 'blog'),
      minutes: fc.nat(6),
    })
    .filter(({ anonymousId, userId }) => anonymousId !== undefined || userId !== undefined)
    .map(({ anonymousId, userId, previousId, site, minutes }): TrackingEvent => {
      const made = { ...of(anonymousId, userId, minutes), site };
      return previousId === undefined ? made : { ...made, type: 'alias', previousId };
    });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(event, fc.boolean()), { maxLength: 15 }), async (given) => {
      const events = given.map(([each]) => each);
      const result = await found(events, (index) => given[index]?.[1] === true);
      assert.deepEqual(result, oracle(events));
    }),
    runs,
  );
});
