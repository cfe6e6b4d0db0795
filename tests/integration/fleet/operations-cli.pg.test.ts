/** `operation` and `audit` against a server, as a person or a script calls them; and the API below them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type CallInput, type Contract, callContract } from '@millrace/api';
import {
  applyPlanContract,
  getOperationContract,
  listOperationStepsContract,
  listPlanStepsContract,
  makePlanContract,
  type OperationDetail,
  type OperationStep,
} from '@millrace/api/fleet';
import { EventHub, type HttpServer, startServer } from '@millrace/server';
import { sql } from 'kysely';
import { millrace, type Outcome, startMillrace } from '../../support/millrace-command.ts';
import { openTestControl, type TestControl } from './control-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { makeEffectTable, rehearsal } from './rehearsal.ts';

const token = 'a-token-for-this-test';
let fixture: DatabaseFixture;
let control: TestControl;
let base: TestControl;
let server: HttpServer;
/** Lets the next step go on that waits. */
let gate = Promise.withResolvers<void>();
before(async () => {
  fixture = await startDatabaseFixture();
  const url = await fixture.emptyDatabase();
  base = await openTestControl(url);
  await makeEffectTable(base.database);
  const part = rehearsal(base.database, {
    holder: 'here',
    onBegun: async (step, signal) => {
      if (step !== 'step 1') return;
      const stopped = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      await Promise.race([gate.promise, stopped]);
    },
  });
  control = await openTestControl(url, { parts: [part] });
  const hub = new EventHub(control.control.feed);
  server = await startServer({ port: 0, routes: [hub.route, ...control.control.routes], token });
});
after(async () => {
  await server.close();
  await control[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
  await fixture[Symbol.asyncDispose]();
});

const environment = () => ({ MILLRACE_URL: server.url, MILLRACE_TOKEN: token });
const run = (...words: string[]): Promise<Outcome> => millrace(words, { env: environment() });

async function begin(input: object): Promise<string> {
  const options = { token };
  const plan = await callContract(server.url, makePlanContract, { body: { kind: 'rehearsal', input } }, options);
  const params = { id: plan.id };
  const body = { why: 'to be seen' };
  return (await callContract(server.url, applyPlanContract, { params, body }, options)).id;
}

test('an operation is watched, cancelled, resumed and shown', async () => {
  gate = Promise.withResolvers();
  const id = await begin({ steps: 3 });
  const watching = startMillrace(['operation', 'watch', id, '--json'], { env: environment() });
  const shown = JSON.parse((await run('operation', 'show', id, '--json')).text) as OperationDetail;
  assert.equal(shown.why, 'to be seen');
  assert.equal((await run('operation', 'cancel', id, '--why', 'not now')).code, 0);
  const watched = await watching.ended;
  assert.equal(watched.code, 1);
  const lines = watched.text.trim().split('\n');
  const told = lines.map((line) => JSON.parse(line) as { what?: string; state?: string });
  assert.deepEqual([told[0]?.what, told.at(-1)?.state], ['applied', 'cancelled']);
  assert.match((await run('operation', 'show', id)).text, /3 steps: cancelled after 1 of 3 steps\.\n.*\[\+\] Step 0/s);
  gate.resolve();
  const resumed = await run('operation', 'resume', id);
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.match(resumed.text, /(user|system):\w+ resumed it.*3 steps: done, 3 steps\.\n$/s);
  const { operations } = JSON.parse((await run('operation', 'list', '--state', 'done', '--json')).text) as {
    operations: { id: string }[];
  };
  assert.deepEqual(
    operations.map((operation) => operation.id),
    [id],
  );
  const again = await run('operation', 'resume', id, '--json');
  assert.equal(again.code, 1);
  assert.equal((JSON.parse(again.stderr) as { error: { code: string } }).error.code, 'conflict');
});

test('who did what is listed, and the log is verified; a change of it ends with exit code 3', async () => {
  const listed = await run('audit', 'list', '--action', 'operation.*', '--json');
  const { entries } = JSON.parse(listed.text) as { entries: { action: string; why: string }[] };
  assert.ok(entries.some(({ action, why }) => action === 'operation.cancel_asked' && why === 'not now'));
  assert.match((await run('audit', 'verify')).text, /entries, all as they were written/);
  const { db } = base.database;
  await sql`ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only`.execute(db);
  await sql`UPDATE audit_entry SET why = 'of course' WHERE action = 'operation.cancel_asked'`.execute(db);
  const tampered = await run('audit', 'verify');
  assert.equal(tampered.code, 3);
  assert.match(tampered.text, /^Entry \d+ is the first that is not as it was written: its content/);
});

test('a key does a call once, and odd keys, cursors and texts are refused', async () => {
  const ask = (path: string, options: RequestInit = {}): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...options.headers };
    return fetch(`${server.url}/api/v1${path}`, { ...options, headers });
  };
  const body = JSON.stringify({ kind: 'rehearsal', input: { steps: 0 } });
  const post = (key: string): Promise<Response> =>
    ask('/plans', { method: 'POST', body, headers: { 'idempotency-key': key } });
  const ids = await Promise.all(
    ['k1', 'k1', 'k2'].map(async (key) => ((await (await post(key)).json()) as { id: string }).id),
  );
  assert.equal(new Set(ids).size, 2);
  assert.equal(ids[0], ids[1]);
  assert.equal((await post('x'.repeat(201))).status, 400);
  assert.equal((await ask('/operations?cursor=nonsense')).status, 400);
  assert.equal((await ask('/audit?id=%00')).status, 400);
  assert.equal((await ask('/operations/%00')).status, 400);
  const secret = JSON.stringify({ kind: 'rehearsal', input: { steps: 0, password: 'hunter2' } });
  const refused = await ask('/plans', { method: 'POST', body: secret });
  assert.equal(refused.status, 400);
  assert.ok(!(await refused.text()).includes('hunter2'));
});

test('of many steps the first thousand are shown, the rest is on pages, and the command line tells all', async () => {
  gate.resolve();
  const call = <C extends Contract>(contract: C, input: CallInput<C>) =>
    callContract(server.url, contract, input, { token });
  const input = { steps: 1_003, special: { step: 2, does: 'fail' } };
  const id = await begin(input);
  const ended = await control.control.operations.ended(id, AbortSignal.timeout(60_000));
  assert.equal(ended.state, 'failed');
  const plan = await call(makePlanContract, { body: { kind: 'rehearsal', input } });
  assert.deepEqual([plan.steps.length, plan.steps.at(-1)?.id], [1_000, 'step 999']);
  const rest = await call(listPlanStepsContract, { params: { id: plan.id }, query: { cursor: plan.stepsNext ?? '' } });
  const idsOf = (steps: readonly Pick<OperationStep, 'id'>[]): string[] => steps.map((step) => step.id);
  assert.deepEqual([idsOf(rest.items), rest.next], [['step 1000', 'step 1001', 'step 1002'], null]);
  const detail = await call(getOperationContract, { params: { id }, query: {} });
  assert.equal(detail.steps.length, 1_000);
  const pageOf = (query: CallInput<typeof listOperationStepsContract>['query']) =>
    call(listOperationStepsContract, { params: { id }, query });
  const more = await pageOf({ cursor: detail.stepsNext ?? '', limit: 2 });
  assert.deepEqual(idsOf(more.items), ['step 1000', 'step 1001']);
  assert.deepEqual(idsOf((await pageOf({ cursor: more.next ?? '' })).items), ['step 1002']);
  assert.deepEqual(idsOf((await pageOf({ state: 'failed,done' })).items), ['step 0', 'step 1', 'step 2']);
  const eventsAfter = detail.events[1]?.seq;
  const brief = await call(getOperationContract, { params: { id }, query: { steps: 0, eventsAfter } });
  assert.deepEqual([brief.steps, brief.events], [[], detail.events.slice(2)]);
  await assert.rejects(pageOf({ cursor: Buffer.from('[8e15,1]').toString('base64url') }), { code: 'invalid_request' });
  const beyond = await pageOf({ cursor: Buffer.from('[8000000000000000]').toString('base64url') });
  assert.deepEqual(beyond, { items: [], next: null });
  const nothing = { params: { id: 'none' }, query: {} };
  await assert.rejects(call(listOperationStepsContract, nothing), { code: 'not_found' });
  const { steps } = JSON.parse((await run('operation', 'show', id, '--json')).text) as OperationDetail;
  assert.equal(steps.length, 1_003);
});
