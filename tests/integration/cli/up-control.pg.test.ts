/** The control plane of a running `up`: with its registry, over the death of its PostgreSQL, and as it is stopped. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type CallInput, type Contract, callContract, followContract } from '@millrace/api';
import {
  approveRequestContract,
  createRequestContract,
  createTokenContract,
  eventsContract,
  putDeclaredContract,
  type RequestView,
  showRequestContract,
} from '@millrace/api/fleet';
import { eventually } from '../../support/eventually.ts';
import { Server } from '../../support/millrace-command.ts';

let up: Server;
let url: string;
let registryUrl: string;
let token: string;
let member: string;
before(async () => {
  up = await Server.start('up', { words: ['--no-demo'] });
  url = up.ready.url ?? '';
  registryUrl = (up.ready as unknown as { registryUrl: string }).registryUrl;
  token = (await readFile(join(up.directory, 'token'), 'utf8')).trim();
  await declare('teams', 'shop', { name: 'shop', owners: ['ann'] });
  member = (await call(createTokenContract, { body: { name: 'a-member', role: 'member', teams: ['shop'] } })).secret;
});
after(() => up[Symbol.asyncDispose]());

const call = <C extends Contract>(contract: C, input: CallInput<C>, as = token) =>
  callContract(url, contract, input, { token: as });

async function declare(list: string, id: string, spec: object): Promise<void> {
  await call(putDeclaredContract, { params: { list, id }, body: { spec, why: 'a test' } } as never);
}

async function registered(subject: string): Promise<unknown> {
  const answer = await fetch(`${registryUrl}/subjects/${subject}/versions/latest`);
  return answer.status === 404 ? undefined : await answer.json();
}

const record = (name: string, ...fields: object[]): string => JSON.stringify({ type: 'record', name, fields });
const id = { name: 'id', type: 'string' };

test('a request with schemas registers them for its topic; one that does not fit is refused', async () => {
  const topic = 'shop.orders';
  const ask = (...schemas: object[]): Promise<RequestView> => {
    const asked = {
      ...{ kind: 'topic', name: topic, owner: 'shop', dataClass: 'internal', schemas },
      expected: { recordsPerSecond: 10, recordBytes: 1_000 },
    };
    return call(createRequestContract, { query: {}, body: { asked, why: 'a test' } } as never, member);
  };
  const before = await fetch(`${registryUrl}/subjects/${topic}-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ schema: record('Order', id) }),
  });
  assert.equal(before.status, 200, await before.text());
  const price = { name: 'price', type: 'int' };
  await assert.rejects(ask({ schema: record('Order', id, price) }), {
    code: 'invalid_request',
    message: /schemas\/0\/schema .*incompatible/i,
  });
  await assert.rejects(ask({ schema: '{"type":"recrd"}' }), { code: 'invalid_request', message: /schemas\/0\/schema/ });
  const schema = record('Order', id, { ...price, default: 0 });
  const request = await ask({ schema }, { type: 'JSON', schema: '{"type":"string"}', of: 'key' });
  assert.deepEqual(
    request.proposal.schemas.map(({ subject, type }) => `${subject} ${type}`),
    [`${topic}-value AVRO`, `${topic}-key JSON`],
  );
  const params = { id: request.id ?? '' };
  // What room the clusters of a laptop have is neither declared nor measured: a person decides.
  if (request.state === 'waiting') await call(approveRequestContract, { params, body: {} });
  let shown = request;
  await eventually(
    async () => {
      shown = await call(showRequestContract, { params });
      return shown.state === 'done' || shown.state === 'failed';
    },
    { timeoutMs: 60_000, describe: () => JSON.stringify(shown) },
  );
  assert.equal(shown.state, 'done', shown.problem);
  const value = (await registered(`${topic}-value`)) as { version: number; schema: string };
  assert.deepEqual([value.version, JSON.parse(value.schema)], [2, JSON.parse(schema)]);
  const key = (await registered(`${topic}-key`)) as { version: number; schemaType: string };
  assert.deepEqual([key.version, key.schemaType], [1, 'JSON']);
});

test('a PostgreSQL that is killed is started again, while the control plane answers and then goes on', async (t) => {
  const pidOf = async (): Promise<number> => {
    const file = await readFile(join(up.directory, 'postgres', 'data', 'postmaster.pid'), 'utf8').catch(() => '');
    return Number(file.split('\n')[0]);
  };
  const heard: string[] = [];
  const leave = new AbortController();
  t.after(() => leave.abort());
  const listening = (async () => {
    for await (const { data } of followContract(url, eventsContract, {}, { token, signal: leave.signal })) {
      if ('kind' in data && data.kind === 'site') heard.push(data.id);
    }
  })().catch((error: unknown) => {
    if (!leave.signal.aborted) throw error;
  });
  const outcomes = new Map<string, number>();
  let written = 0;
  let goesOn = true;
  const writer = async (own: string): Promise<void> => {
    for (let count = 0; goesOn; count++) {
      const name = `${own}-${count % 20}`;
      const outcome = await declare('sites', name, { name, description: `${count}` }).then(
        () => {
          written++;
          return 'written';
        },
        (error: Error & { code?: string; status?: number }) => `${error.code}: ${error.message}`,
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      // Within what one caller may ask.
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  const writers = Promise.all(['one', 'two', 'three', 'four'].map(writer));
  try {
    for (let round = 1; round <= 2; round++) {
      const before = written;
      await eventually(() => written > before + 10, { timeoutMs: 60_000 });
      const killed = await pidOf();
      process.kill(killed, 'SIGKILL');
      await eventually(async () => ![killed, 0].includes(await pidOf()), { timeoutMs: 60_000 });
      const since = written;
      await eventually(() => written > since + 10, {
        timeoutMs: 60_000,
        describe: () => JSON.stringify([...outcomes]),
      });
    }
  } finally {
    goesOn = false;
    await writers;
  }
  const refusals = [...outcomes.keys()].filter((outcome) => outcome !== 'written');
  assert.deepEqual(
    refusals.filter((outcome) => !outcome.startsWith('unavailable: ')),
    [],
  );
  // The stream that was there before tells what happens now.
  await declare('sites', 'afterwards', { name: 'afterwards' });
  await eventually(() => heard.includes('afterwards'), { timeoutMs: 60_000 });
  leave.abort();
  await listening;
  assert.match(up.running.complained(), /PostgreSQL ended \(SIGKILL\) and is started again.*PostgreSQL serves again/s);
  // And so do operations.
  await declare('topics', 'east/shop.later', { name: 'shop.later', cluster: 'east', partitions: 1 });
  const applied = await up.run(['fleet', 'apply', '--yes', '--kind', 'topic', '--json']);
  assert.equal(applied.code, 0, applied.stderr);
  assert.match((await up.run(['topic', 'list', '--json'])).text, /shop\.later/);
});

test('those who left their streams of events, and those who listen, hold up no end', { timeout: 120_000 }, async () => {
  const events = new URL('/api/v1/events', url);
  const authorization = `Bearer ${token}`;
  const answers = await Promise.all([1, 2, 3].map(() => fetch(events, { headers: { authorization } })));
  await answers[0]?.body?.cancel();
  const reader = answers[1]?.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  const leave = new AbortController();
  const left = await fetch(events, { signal: leave.signal });
  leave.abort();
  await assert.rejects(left.text());
  const listener = answers[2]?.body?.getReader();
  const begun = performance.now();
  const { code } = await up.stop();
  assert.equal(code, 0);
  // Far less than it grants to what is in flight, on any machine that is not under load.
  process.stdout.write(`# it took ${Math.round(performance.now() - begun)} ms to stop\n`);
  while ((await listener?.read())?.done === false);
});
