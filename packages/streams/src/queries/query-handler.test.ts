/** What is answered while a task is on its way, and what another process is asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { text, topic } from '@millrace/client';
import { openMemoryStore } from '@millrace/store';
import { topology } from '../index.ts';
import { subTopologies } from '../topology/plan.ts';
import { type QueryOptions, queryHandler, type TaskStatus } from './query-handler.ts';

const url = 'http://asked/stores/newest/keys/a';

function handlerOf(status: TaskStatus, options: QueryOptions = {}) {
  const made = topology('job');
  made.source(topic('input', { key: text, value: text })).toTable('newest');
  const host = {
    ...{ job: 'job', subs: subTopologies(made.graph), partitionCounts: new Map([['input', 1]]) },
    state: openMemoryStore(),
    status: () => status,
    places: () => [{ server: 'other:80', active: ['0_0'], standbys: [] }],
  };
  return queryHandler(host, options);
}

async function told(response: Response): Promise<unknown[]> {
  const { code, message } = (await response.json()) as { code: string; message: string };
  return [response.status, response.headers.get('retry-after'), code, message];
}

test('while state is restored the answer is 503, and how much is to go', async () => {
  const handler = handlerOf({ is: 'restoring', offsetsLeft: 12 });
  const message = 'task 0_0 has its state restored, 12 changelog offsets are to go; ask again in a moment';
  assert.deepEqual(await told(await handler(new Request(url))), [503, '1', 'restoring', message]);
});

test('another process is asked once: one that has not got it either does not ask on', async () => {
  const asked: Request[] = [];
  const pass = async (request: Request): Promise<Response> => {
    asked.push(request);
    return handlerOf({ is: 'elsewhere' }, { fetch: pass })(request);
  };
  const headers = { authorization: 'Bearer mine' };
  const response = await handlerOf({ is: 'elsewhere' }, { fetch: pass })(new Request(url, { headers }));
  assert.deepEqual((await told(response)).slice(0, 3), [503, '1', 'moving']);
  assert.deepEqual(
    asked.map((request) => [request.url, request.headers.get('authorization')]),
    [['http://other/stores/newest/keys/a', 'Bearer mine']],
  );
});

test('a process that does not answer is named', async () => {
  const fetch = (): Promise<Response> => Promise.reject(new Error('connection refused'));
  const [status, , code, message] = await told(await handlerOf({ is: 'elsewhere' }, { fetch })(new Request(url)));
  assert.deepEqual([status, code], [503, 'unreachable']);
  assert.match(String(message), /other:80 .*connection refused/);
});
