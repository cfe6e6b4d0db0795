/** Plans and operations: applied once, done step by step, cancelled and resumed. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { OperationDetail, OperationView } from '@millrace/api/fleet';
import type { Operations } from '@millrace/fleet/operations';
import { sql } from 'kysely';
import { eventually } from '../../support/eventually.ts';
import { admin, openTestControl, type TestControl, viewer } from './control-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { effects, makeEffectTable, type RehearsalHooks, rehearsal } from './rehearsal.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture();
});
after(() => fixture[Symbol.asyncDispose]());

const asked = { principal: admin, why: 'a rehearsal' };
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** A control plane of its own with the kind `rehearsal`. */
async function openRehearsed(
  hooks: Omit<RehearsalHooks, 'holder'> = {},
  limits: { readonly backoffMs?: number } = {},
): Promise<TestControl & { readonly operations: Operations }> {
  const url = await fixture.emptyDatabase();
  const { database, control: bare, [Symbol.asyncDispose]: closeBare } = await openTestControl(url);
  await makeEffectTable(database);
  await bare.close();
  const part = rehearsal(database, { holder: 'here', ...hooks });
  const open = await openTestControl(url, { parts: [part], limits: { backoffMs: 10, stepsMax: 4, ...limits } });
  return {
    ...open,
    operations: open.control.operations,
    async [Symbol.asyncDispose]() {
      await open[Symbol.asyncDispose]();
      await closeBare();
    },
  };
}

const states = ({ steps }: OperationDetail): string => steps.map(({ state }) => state).join(' ');

test('a plan that is applied is done step by step, and the log says who, why and what', async () => {
  await using here = await openRehearsed();
  const { operations, database } = here;
  const plan = await operations.plan('rehearsal', { steps: 3 }, asked);
  assert.deepEqual(
    [plan.title, plan.destructive, plan.steps.map(({ id, after: before }) => [id, ...before])],
    ['3 steps', false, [['step 0'], ['step 1', 'step 0'], ['step 2', 'step 1']]],
  );
  assert.deepEqual(await effects(database), []);
  const applied = await operations.apply(plan.id, asked);
  const ended = await operations.ended(applied.id, soon());
  assert.deepEqual([ended.state, ended.progress, ended.failure], ['done', { done: 3, total: 3 }, null]);
  const done = (await effects(database)).filter(({ what }) => what === 'done');
  assert.deepEqual(
    done.map(({ step }) => step),
    ['step 0', 'step 1', 'step 2'],
  );
  const detail = await operations.get(applied.id);
  assert.deepEqual(detail.steps[0]?.result, { by: 'here', kept: null });
  assert.deepEqual(
    detail.events.map(({ what }) => what),
    ['applied', 'begun', 'step_done', 'step_done', 'step_done', 'done'],
  );
  const audited = await database.db
    .selectFrom('audit_entry')
    .select(['principal', 'action', 'id', 'why'])
    .where('operation', '=', applied.id)
    .orderBy('seq')
    .execute();
  assert.deepEqual(
    audited.map(({ principal, action, why }) => [principal, action, why]),
    ['operation.applied', 'step.done', 'step.done', 'step.done', 'operation.done'].map((action) => {
      return ['user:ann', action, 'a rehearsal'];
    }),
  );
  assert.equal((await operations.get(applied.id)).plan, plan.id);
});

test('a plan is applied once, while it is what would be done, and confirmed where it destroys', async () => {
  await using here = await openRehearsed();
  const { operations } = here;
  const keyed = { ...asked, idempotencyKey: 'monday' };
  const plan = await operations.plan('rehearsal', { steps: 1 }, keyed);
  assert.equal((await operations.plan('rehearsal', { steps: 1 }, keyed)).id, plan.id);
  await assert.rejects(operations.plan('rehearsal', { steps: 2 }, keyed), { code: 'conflict' });
  const both = await Promise.all([operations.apply(plan.id, keyed), operations.apply(plan.id, keyed)]);
  assert.equal(both[0].id, both[1].id);
  const other = await operations.plan('rehearsal', { steps: 2 }, asked);
  await assert.rejects(operations.apply(other.id, keyed), { code: 'conflict', message: /Idempotency-Key/ });

  const stale = await operations.plan('rehearsal', { steps: 1, changing: true }, asked);
  await assert.rejects(operations.apply(stale.id, asked), { code: 'stale_plan' });

  const destructive = await operations.plan('rehearsal', { steps: 1, destructive: true }, asked);
  await assert.rejects(operations.apply(destructive.id, asked), {
    code: 'confirmation_required',
    message: /loses something for good \(Step 0\)/,
  });
  assert.equal((await operations.apply(destructive.id, { ...asked, confirm: true })).destructive, true);

  await assert.rejects(operations.plan('rehearsal', { steps: 'many' }, asked), { code: 'invalid_request' });
  await assert.rejects(operations.plan('rehearsal', { steps: 1 }, { principal: viewer }), { code: 'forbidden' });
  await assert.rejects(operations.plan('nothing', {}, asked), { code: 'not_found', message: /there are .*rehearsal/ });
  await assert.rejects(operations.apply('nothing', asked), { code: 'not_found' });
});

test('steps that need not wait for each other are done at the same time, to a bound', async () => {
  let underWay = 0;
  let most = 0;
  const gate = Promise.withResolvers<void>();
  await using here = await openRehearsed({
    onBegun: async () => {
      most = Math.max(most, ++underWay);
      if (underWay === 4) gate.resolve();
      await gate.promise;
      underWay--;
    },
  });
  const { id } = await here.operations.start('rehearsal', { steps: 9, parallel: true }, asked);
  assert.equal((await here.operations.ended(id, soon())).state, 'done');
  assert.equal(most, 4);
});

test('a step that may succeed later is tried again', async () => {
  await using here = await openRehearsed();
  const { operations } = here;
  const stumbling = { steps: 2, special: { step: 0, does: 'stumble' } };
  const first = await operations.start('rehearsal', stumbling, asked);
  assert.equal((await operations.ended(first.id, soon())).state, 'done');
  const { steps } = await operations.get(first.id);
  assert.deepEqual(
    steps.map(({ attempts }) => attempts),
    [3, 1],
  );
});

test('an operation that failed is resumed without the steps that are done', async () => {
  await using here = await openRehearsed();
  const { operations, database } = here;
  const failing = { steps: 3, special: { step: 1, does: 'fail once' } };
  const second = await operations.start('rehearsal', failing, asked);
  const failed = await operations.ended(second.id, soon());
  assert.deepEqual(failed.failure, { code: 'rehearsed', message: 'as rehearsed', step: 'step 1' });
  assert.equal(states(await operations.get(second.id)), 'done failed waiting');
  await assert.rejects(operations.cancel(second.id, asked), { code: 'conflict' });
  const demoted = { principal: { ...admin, role: 'viewer' as const }, why: '' };
  await assert.rejects(operations.resume(second.id, demoted), { code: 'forbidden' });
  await operations.resume(second.id, asked);
  assert.equal((await operations.ended(second.id, soon())).state, 'done');
  const begun = (await effects(database)).filter(({ what }) => what === 'begun').map(({ step }) => step);
  assert.deepEqual(begun, ['step 0', 'step 1', 'step 1', 'step 2']);
  await assert.rejects(operations.resume(second.id, asked), { code: 'conflict', message: /it is done/ });
});

test('a cancelled operation stops where it is, and goes on with what it kept when it is resumed', async () => {
  const begun = Promise.withResolvers<void>();
  let times = 0;
  await using here = await openRehearsed({
    onBegun: async (step, signal, keep) => {
      if (step !== 'step 1' || ++times > 1) return;
      await keep(42);
      begun.resolve();
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  });
  const { operations } = here;
  const { id } = await operations.start('rehearsal', { steps: 3 }, asked);
  await begun.promise;
  await assert.rejects(operations.cancel(id, { principal: viewer, why: '' }), { code: 'forbidden' });
  assert.equal((await operations.cancel(id, asked)).state, 'cancelling');
  assert.equal((await operations.ended(id, soon())).state, 'cancelled');
  assert.equal(states(await operations.get(id)), 'done waiting waiting');
  assert.equal((await operations.resume(id, asked)).state, 'queued');
  assert.equal((await operations.ended(id, soon())).state, 'done');
  const { steps } = await operations.get(id);
  assert.deepEqual(steps[1]?.result, { by: 'here', kept: 42 });
});

test('an operation that is cancelled while a step waits to be tried again stops there', async () => {
  await using here = await openRehearsed({}, { backoffMs: 600_000 });
  const { operations } = here;
  const { id } = await operations.start('rehearsal', { steps: 2, special: { step: 0, does: 'stumble' } }, asked);
  await eventually(async () => (await operations.get(id)).events.some(({ what }) => what === 'step_retried'));
  await operations.cancel(id, asked);
  assert.equal((await operations.ended(id, soon())).state, 'cancelled');
  assert.equal(states(await operations.get(id)), 'waiting waiting');
});

test('plans that nobody applied go after a day, and events that all have seen after a week', async () => {
  const url = await fixture.emptyDatabase();
  const first = await openTestControl(url);
  const { db } = first.database;
  first.control.operations.register(rehearsal(first.database, { holder: 'here' }).planKinds ?? []);
  const [old, applied, young] = await Promise.all(
    [1, 2, 3].map((steps) => first.control.operations.plan('rehearsal', { steps }, asked)),
  );
  const { id } = await first.control.operations.apply(applied?.id ?? '', asked);
  await first.control.operations.ended(id, soon());
  const name = (number: number): string => `s${number}`;
  for (const number of [1, 2]) {
    const site = { kind: 'site', id: name(number), spec: { name: name(number) } } as const;
    await first.control.record.change([site], { principal: admin, why: '' });
  }
  await sql`UPDATE plan SET created_at = now() - interval '25 hours' WHERE id <> ${young?.id ?? ''}`.execute(db);
  await sql`UPDATE change_event SET at = now() - interval '8 days'`.execute(db);
  await first.control.feed.catchUp();
  const { head } = first.control.feed;
  await first[Symbol.asyncDispose]();
  await using second = await openTestControl(url);
  const left = (): Promise<{ id: string }[]> => second.database.db.selectFrom('plan').select('id').execute();
  await eventually(async () => (await left()).length === 2);
  assert.deepEqual(new Set((await left()).map(({ id }) => id)), new Set([applied?.id, young?.id]));
  assert.notEqual(old?.id, young?.id);
  await eventually(
    async () => (await second.database.db.selectFrom('change_event').selectAll().execute()).length === 1,
  );
  assert.equal(second.control.feed.head, head);
});

test('operations are listed newest first, filtered and in pages', async () => {
  await using here = await openRehearsed();
  const { operations } = here;
  const ids: string[] = [];
  for (let steps = 0; steps < 5; steps++) ids.unshift((await operations.start('rehearsal', { steps }, asked)).id);
  for (const id of ids) await operations.ended(id, soon());
  const seen: OperationView[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await operations.list({ limit: 2, cursor });
    seen.push(...page.items);
    if (page.next === null) break;
    cursor = page.next;
  }
  assert.deepEqual(
    seen.map(({ id }) => id),
    ids,
  );
  assert.deepEqual((await operations.list({ state: 'open' })).items, []);
  assert.equal((await operations.list({ state: 'done', principal: 'user:ann', limit: 3 })).items.length, 3);
  assert.deepEqual((await operations.list({ principal: 'user:nobody' })).items, []);
  await assert.rejects(operations.list({ cursor: 'bm9uc2Vuc2U' }), { code: 'invalid_request' });
});

test('operations that ended 90 days ago are forgotten with their plans, and not by the audit log', async () => {
  const url = await fixture.emptyDatabase();
  const first = await openTestControl(url);
  const { db } = first.database;
  const { operations } = first.control;
  await makeEffectTable(first.database);
  operations.register(rehearsal(first.database, { holder: 'here' }).planKinds ?? []);
  const run = async (input: Record<string, number | object>): Promise<string> => {
    const { id } = await operations.start('rehearsal', input as never, asked);
    await operations.ended(id, soon());
    return id;
  };
  const old = await run({ steps: 2 });
  const failed = await run({ steps: 2, special: { step: 0, does: 'fail' } });
  const young = await run({ steps: 2 });
  const waitedFor = await run({ steps: 2, special: { step: 1, does: 'fail' } });
  const age = (days: number, ids: readonly string[]) =>
    db
      .updateTable('operation')
      .set({ ended_at: sql<Date>`now() - ${days} * interval '1 day'` })
      .where('id', 'in', ids)
      .execute();
  await age(91, [old, failed, waitedFor]);
  await age(89, [young]);
  const json = '{}';
  await db
    .insertInto('onboarding_request')
    .values({
      ...{ id: randomUUID(), kind: 'topic', state: 'provisioning', title: 't', topic: 't', cluster: '', team: 'shop' },
      ...{ owner: null, requester: 'user:ann', why: '', idempotency_key: null, operation: waitedFor },
      ...{ asked: json, proposal: json, view: json, verdict: json, capacity: '[]', cost: json },
    })
    .execute();
  await first[Symbol.asyncDispose]();
  await using second = await openTestControl(url);
  const later = second.control.operations;
  await eventually(async () => (await later.list({})).items.length === 2);
  assert.deepEqual(new Set((await later.list({})).items.map(({ id }) => id)), new Set([young, waitedFor]));
  for (const id of [old, failed]) await assert.rejects(later.get(id), { code: 'not_found' });
  const own = second.database.db;
  for (const [table, count] of [
    ['operation_step', 4],
    ['plan', 2],
  ] as const) {
    assert.equal((await own.selectFrom(table).select('id').execute()).length, count, table);
  }
  const audited = await own.selectFrom('audit_entry').select('action').where('operation', '=', old).execute();
  assert.deepEqual(
    audited.map(({ action }) => action),
    ['operation.applied', 'step.done', 'step.done', 'operation.done'],
  );
});
