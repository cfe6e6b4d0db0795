/** The record: what is declared, its history, and what others hear of it, over a database that processes share. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { declareRunning } from '@millrace/fleet/control-plane';
import type { DeclaredChange, FleetRecord } from '@millrace/fleet/record';
import { EventHub } from '@millrace/server';
import { sql } from 'kysely';
import { eventually } from '../../support/eventually.ts';
import { openTestControl } from './control-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture();
});
after(() => fixture[Symbol.asyncDispose]());

const ann = { principal: { kind: 'user', name: 'ann' }, why: 'the new shop' } as const;
const east: DeclaredChange = { kind: 'cluster', id: 'east', spec: { name: 'east', bootstrap: 'e:9092' } };
const orders = (partitions: number): DeclaredChange => {
  return { kind: 'topic', id: 'east/orders', spec: { name: 'orders', cluster: 'east', partitions } };
};

test('a change is in the record, its history, the audit log and the feed, or in none of them', async () => {
  await using one = await openTestControl(await fixture.emptyDatabase());
  const { record, feed } = one.control;
  assert.deepEqual(await record.change([east, orders(3)], ann), { revision: 1 });
  assert.deepEqual(await record.change([orders(6)], { ...ann, operation: 'op1' }), { revision: 2 });
  // What is so already is no change.
  assert.deepEqual(await record.change([east, orders(6)], ann), { revision: 2 });
  const failing = one.database.db.transaction().execute(async (transaction) => {
    await record.change([orders(9)], ann, transaction);
    throw new RangeError('after all');
  });
  await assert.rejects(failing, /after all/);
  assert.deepEqual(await record.change([{ kind: 'topic', id: 'east/orders', spec: null }], ann), { revision: 3 });
  assert.equal(record.current().get('topic', 'east/orders'), undefined);
  assert.equal(record.current().get('cluster', 'east')?.revision, 1);
  const history = await record.history('topic', 'east/orders');
  assert.deepEqual(
    history.map(({ revision, spec, changedBy, why, operation }) => {
      return [revision, spec?.partitions ?? null, changedBy, why, operation];
    }),
    [
      [3, null, 'user:ann', 'the new shop', null],
      [2, 6, 'user:ann', 'the new shop', 'op1'],
      [1, 3, 'user:ann', 'the new shop', null],
    ],
  );
  const entries = await one.database.db.selectFrom('audit_entry').selectAll().orderBy('seq').execute();
  assert.deepEqual(
    entries.map(({ action, id, operation }) => [action, id, operation]),
    [
      ['declared.created', 'east', null],
      ['declared.created', 'east/orders', null],
      ['declared.changed', 'east/orders', 'op1'],
      ['declared.removed', 'east/orders', null],
    ],
  );
  await feed.catchUp();
  const events = (await feed.after(0)) ?? [];
  assert.deepEqual(
    events.map(({ kind, id, what }) => `${kind} ${id} ${what}`),
    ['cluster east created', 'topic east/orders created', 'topic east/orders changed', 'topic east/orders removed'],
  );
});

test('another process knows of a change at once, in its memory', async () => {
  const url = await fixture.emptyDatabase();
  await using one = await openTestControl(url);
  await using two = await openTestControl(url);
  const heard: number[] = [];
  two.control.record.onChange(({ revision }) => heard.push(revision));
  await one.control.record.change([east], ann);
  await eventually(() => two.control.record.current().get('cluster', 'east') !== undefined);
  assert.deepEqual(heard, [1]);
  // Without notifications the poll brings it.
  const listening = sql`SELECT pid FROM pg_stat_activity WHERE application_name LIKE '%notifications'`;
  await sql`SELECT pg_terminate_backend(pid) FROM (${listening}) AS listening`.execute(one.database.db);
  await one.control.record.change([orders(1)], ann);
  await eventually(() => two.control.record.current().revision === 2);
});

test('who changes what somebody else has changed meanwhile is told, and nothing is changed', async () => {
  const url = await fixture.emptyDatabase();
  await using one = await openTestControl(url);
  await using two = await openTestControl(url);
  await one.control.record.change([east], ann);
  const change = (record: FleetRecord, partitions: number): Promise<unknown> => {
    return record.change([{ ...orders(partitions), expected: 0 } as DeclaredChange], ann);
  };
  const outcomes = await Promise.allSettled([change(one.control.record, 1), change(two.control.record, 2)]);
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.equal(refused.length, 1);
  assert.ok(isMillraceError(refused[0]?.reason, 'conflict'));
  assert.match(String(refused[0]?.reason), /topic east\/orders is of revision 2 and was expected to be new/);
});

test('what is not sound is refused with all that is wrong', async () => {
  await using one = await openTestControl(await fixture.emptyDatabase());
  const { record } = one.control;
  await record.change([east, orders(1)], ann);
  const refusal = async (changes: readonly unknown[]): Promise<string> => {
    const error: unknown = await record.change(changes as DeclaredChange[], ann).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(isMillraceError(error, 'invalid_declaration'), String(error));
    return (error as { issues?: { field: string; message: string }[] }).issues
      ?.map(({ field, message }) => `${field} ${message}`)
      .join('\n') as string;
  };
  const lost = { kind: 'topic', id: 'est/lost', spec: { name: 'lost', cluster: 'est', partitions: 1 } };
  assert.match(await refusal([lost]), /^topic\/est\/lost\/cluster names "est", .* did you mean east\?$/);
  assert.match(await refusal([{ ...lost, id: 'east/lost' }]), /has the id "est\/lost"/);
  assert.match(await refusal([{ kind: 'team', id: 'a', spec: { name: 'a', colour: 'red' } }]), /colour is not known/);
  assert.match(
    await refusal([{ kind: 'cluster', id: 'east', spec: null }]),
    /topic\/east\/orders\/cluster names "east"/,
  );
  const open = { name: 'west', bootstrap: 'w:9092', client: { 'sasl.password': 'hunter2' } };
  const told = await refusal([{ kind: 'cluster', id: 'west', spec: open }]);
  assert.match(told, /cluster\/west\/client\/sasl.password is a secret/);
  assert.doesNotMatch(told, /hunter2/);
  assert.match(await refusal([{ kind: 'team', id: 'a\0', spec: { name: 'a\0' } }]), /NUL/);
  assert.equal(record.current().revision, 1);
});

test('a fleet of 20,000 topics is declared in one change, and read by the next process in its order', async () => {
  const url = await fixture.emptyDatabase();
  await using one = await openTestControl(url);
  const topics = Array.from({ length: 20_000 }, (_, index): DeclaredChange => {
    const name = `topic-${index}`;
    return { kind: 'topic', id: `east/${name}`, spec: { name, cluster: 'east', partitions: 10 } };
  });
  await one.control.record.change([east, ...topics], ann);
  await using two = await openTestControl(url);
  const read = two.control.record.current();
  assert.equal(read.revision, 1);
  assert.deepEqual(
    read.list('topic').map(({ id }) => id),
    topics.map(({ id }) => id),
  );
});

test('clusters that run are declared once; what people said of them stays, but for their addresses', async () => {
  await using one = await openTestControl(await fixture.emptyDatabase());
  const { record } = one.control;
  const west = { name: 'west', site: 'lisbon', environment: 'production', bootstrap: 'w:1' };
  await declareRunning(record, [west]);
  const spec = record.current().get('cluster', 'west')?.spec;
  assert.deepEqual(spec, west);
  await record.change([{ kind: 'cluster', id: 'west', spec: { ...west, description: 'ours' } }], ann);
  await declareRunning(record, [{ ...west, bootstrap: 'w:2', settings: { 'security.protocol': 'SSL' } }]);
  assert.deepEqual(record.current().get('cluster', 'west')?.spec, {
    ...{ ...west, description: 'ours', bootstrap: 'w:2' },
    client: { 'security.protocol': 'SSL' },
  });
  const { revision } = record.current();
  await declareRunning(record, [{ ...west, bootstrap: 'w:2', settings: { 'security.protocol': 'SSL' } }]);
  assert.equal(record.current().revision, revision);
});

test('a stream of events goes on in another process where it was', async () => {
  const url = await fixture.emptyDatabase();
  await using one = await openTestControl(url);
  await using two = await openTestControl(url);
  const [first, second] = [new EventHub(one.control.feed), new EventHub(two.control.feed)];
  first.set('platform', { version: '1' });
  second.set('platform', { version: '2' });
  const stop = new AbortController();
  const stream = await first.subscribe(undefined, stop.signal);
  assert.deepEqual((await stream.next()).value?.data, { revision: 1, seq: 0, values: { platform: { version: '1' } } });
  await one.control.record.change([east], ann);
  const { value: event } = await stream.next();
  assert.deepEqual([event?.event, (event?.data as { id: string }).id], ['event', 'east']);
  stop.abort();
  await two.control.record.change([orders(1)], ann);
  const further = new AbortController();
  const resumed = await second.subscribe(event?.id, further.signal);
  const snapshot = (await resumed.next()).value;
  assert.deepEqual(snapshot?.data, { revision: 1, seq: 1, values: { platform: { version: '2' } } });
  assert.deepEqual(((await resumed.next()).value?.data as { id: string }).id, 'east/orders');
  further.abort();
  // What is no longer kept is not passed over in silence.
  await one.control.record.change([orders(2)], ann);
  await sql`DELETE FROM change_event WHERE seq < 3`.execute(one.database.db);
  await using three = await openTestControl(url);
  const late = await new EventHub(three.control.feed).subscribe(event?.id, AbortSignal.timeout(20_000));
  assert.equal(((await late.next()).value?.data as { seq: number }).seq, 3);
});
