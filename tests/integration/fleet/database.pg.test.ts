import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { nodePlatform, type Timer } from '@millrace/base';
import { fenced, type Lease, openDatabase, whileLeading } from '@millrace/fleet/database';
import { eventually } from '../../support/eventually.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture();
});
after(() => fixture[Symbol.asyncDispose]());

const quick = { ttlMs: 1_500, renewMs: 100 };

test('processes that open a new database at the same time bring it up to date once', async () => {
  const url = await fixture.emptyDatabase();
  const opened = await Promise.all(Array.from({ length: 4 }, () => openDatabase({ url })));
  for (const { db } of opened) assert.deepEqual(await db.selectFrom('lease').selectAll().execute(), []);
  await Promise.all(opened.map((each) => each.close()));
});

test('a database that is not there is one clear sentence', async () => {
  const url = new URL(await fixture.emptyDatabase());
  url.pathname = '/nothing';
  await assert.rejects(openDatabase({ url: url.href }), {
    code: 'database_failed',
    message: /127\.0\.0\.1:\d+\/nothing can't be used, check DATABASE_URL.*"nothing" does not exist/,
  });
});

test('one process at a time works; when it is gone another goes on, and what it still writes is refused', async () => {
  const url = await fixture.emptyDatabase();
  await using first = await openDatabase({ url });
  await using second = await openDatabase({ url });
  const terms: { readonly holder: string; readonly lease: Lease }[] = [];
  const work = (holder: string) => async (lease: Lease) => {
    terms.push({ holder, lease });
    await new Promise((resolve) => lease.signal.addEventListener('abort', resolve, { once: true }));
  };
  const common = { platform: nodePlatform, name: 'refresh', report: () => undefined, ...quick };
  // Its timers never fire: to the others it is as good as dead.
  const never: Timer = { cancel: () => undefined, unref: () => never };
  const frozen = { ...nodePlatform, timers: { ...nodePlatform.timers, after: () => never } };
  const stop = new AbortController();
  // Nobody waits for its end.
  void whileLeading({ ...common, platform: frozen, db: first.db, holder: 'a' }, work('a'), stop.signal);
  await eventually(() => terms.length === 1);
  const alive = whileLeading({ ...common, db: second.db, holder: 'b' }, work('b'), stop.signal);
  await eventually(() => terms.length === 2);
  assert.deepEqual(
    terms.map(({ holder, lease }) => [holder, lease.epoch]),
    [
      ['a', 1],
      ['b', 2],
    ],
  );
  const [old, current] = terms.map(({ lease }) => lease);
  assert.ok(old !== undefined && current !== undefined);
  await assert.rejects(
    first.db.transaction().execute((transaction) => fenced(transaction, old)),
    { code: 'lease_lost' },
  );
  await second.db.transaction().execute((transaction) => fenced(transaction, current));
  stop.abort();
  await alive;
});

test('a lease that is given up is free at once, and one that can not be renewed ends by itself', async () => {
  const url = await fixture.emptyDatabase();
  const first = await openDatabase({ url });
  const common = { platform: nodePlatform, name: 'refresh', report: () => undefined, ttlMs: 3_000, renewMs: 50 };
  const stops = [new AbortController(), new AbortController()] as const;
  const until = (lease: Lease) =>
    new Promise<void>((resolve) => lease.signal.addEventListener('abort', () => resolve()));
  const leases: Lease[] = [];
  const work = async (lease: Lease): Promise<void> => {
    leases.push(lease);
    await until(lease);
  };
  const one = whileLeading({ ...common, db: first.db, holder: 'a' }, work, stops[0].signal);
  await eventually(() => leases.length === 1);
  stops[0].abort();
  await one;
  const two = whileLeading({ ...common, db: first.db, holder: 'a' }, work, stops[1].signal);
  await eventually(() => leases.length === 2);
  await first.close();
  await eventually(() => leases[1]?.signal.aborted === true);
  stops[1].abort();
  await two;
});
