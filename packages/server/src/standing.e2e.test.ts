/** Streams of those who were let in and no longer would be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineContract, implement, type Principal } from '@millrace/api';
import { Type } from 'typebox';
import { EventHub } from './event-hub.ts';
import { startServer } from './server.ts';

const member: Principal = { kind: 'user', name: 'mia', role: 'member', teams: [{ name: 'orders', role: 'member' }] };

const lines = implement(
  defineContract({
    ...{ method: 'GET', path: '/lines', summary: 'Lines', kind: 'ndjson', permission: 'read_records' },
    response: Type.Integer(),
  }),
  async function* ({ signal }) {
    yield 1;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    signal.throwIfAborted();
  },
);

test('a stream ends soon after its token is over, or gives too little; others go on', async () => {
  const principals = new Map([...'abcd'].map((token) => [token, member]));
  let asked = 0;
  let isAway = false;
  const hub = new EventHub();
  await using server = await startServer({
    port: 0,
    routes: [hub.route, lines],
    authentication: {
      token: async (token) => {
        asked++;
        if (token === 'd' && isAway) throw new Error('the database is away');
        return principals.get(token);
      },
    },
    limits: { recheckMs: 20 },
  });
  const open = async (path: string, token: string) => {
    const answer = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 200);
    const reader = answer.body?.getReader();
    assert.ok(reader !== undefined && !(await reader.read()).done);
    return { reader, ended: (async () => assert.ok((await reader.read()).done))() };
  };
  const revoked = await Promise.all([open('/api/v1/events', 'a'), open('/api/v1/events', 'a'), open('/lines', 'a')]);
  const lowered = await open('/lines', 'b');
  const stays = await Promise.all([open('/api/v1/events', 'b'), open('/api/v1/events', 'c')]);
  const unknown = await open('/api/v1/events', 'd');
  isAway = true;
  principals.delete('a');
  principals.set('b', { ...member, role: 'viewer', teams: [] });
  await Promise.all([...revoked, lowered].map(({ ended }) => ended));
  const before = asked;
  while (asked < before + 20) await new Promise((resolve) => setTimeout(resolve, 5));
  hub.set('greeting', 'hello');
  // The others are there to hear it.
  await Promise.all([...stays, unknown].map(({ ended }) => assert.rejects(ended, assert.AssertionError)));
  isAway = false;
  principals.delete('d');
  assert.ok((await unknown.reader.read()).done);
  for (const { reader } of stays) await reader.cancel();
});

test('nobody is asked about streams that are over, or for which nothing was shown', { timeout: 60_000 }, async () => {
  let asked = 0;
  const uses: boolean[] = [];
  await using server = await startServer({
    port: 0,
    routes: [new EventHub().route],
    authentication: {
      token: async () => {
        asked++;
        return member;
      },
      session: async (_id, isUse) => {
        uses.push(isUse);
        return member;
      },
      anonymous: { kind: 'system', name: 'anonymous', role: 'viewer', teams: [] },
    },
    limits: { recheckMs: 10 },
  });
  const events = `${server.url}/api/v1/events`;
  const read = async (headers: Record<string, string>) => {
    const reader = (await fetch(events, { headers })).body?.getReader();
    await reader?.read();
    return reader;
  };
  const byToken = await read({ authorization: 'Bearer a' });
  while (asked < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  await byToken?.cancel();
  const cookie = `millrace-session-${server.port}=an-id`;
  const bySession = await read({ cookie });
  while (uses.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(uses.slice(0, 3), [true, false, false]);
  await bySession?.cancel();
  const byNobody = await read({});
  // Twenty times as long as it takes to ask again.
  for (let before = -1; before !== asked + uses.length; ) {
    before = asked + uses.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await byNobody?.cancel();
});
