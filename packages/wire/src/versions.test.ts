import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiByKey, apis } from './apis.ts';
import { heartbeat } from './messages/heartbeat.ts';
import type { Versions } from './schema.ts';
import { hasVersion, highestCommonVersion, versionRange } from './versions.ts';

test('a range says which versions it has', () => {
  const has = (text: Versions | undefined): number[] =>
    [0, 1, 2, 3, 4, 5].filter((version) => hasVersion(text, version));
  assert.deepEqual(has('3+'), [3, 4, 5]);
  assert.deepEqual(has('1-3'), [1, 2, 3]);
  assert.deepEqual(has('4'), [4]);
  assert.deepEqual(has(undefined), []);
  assert.deepEqual(versionRange('12-13'), { first: 12, last: 13 });
});

test('a malformed range is a bug', () => {
  for (const text of ['', '3-', '-1', 'none', '1+2'] as Versions[])
    assert.throws(() => versionRange(text), /malformed/);
});

test('the highest common version lies in both ranges', () => {
  assert.equal(highestCommonVersion(heartbeat, { first: 0, last: 9 }), 4);
  assert.equal(highestCommonVersion(heartbeat, { first: 1, last: 2 }), 2);
  assert.equal(highestCommonVersion(heartbeat, { first: 4, last: 4 }), 4);
  assert.equal(highestCommonVersion(heartbeat, { first: 5, last: 9 }), undefined);
  assert.equal(highestCommonVersion(heartbeat, { first: 3, last: 2 }), undefined);
  assert.equal(highestCommonVersion({ ...heartbeat, versions: '3-4' }, { first: 0, last: 2 }), undefined);
});

test('APIs are found by key, and each key and name is there once, keys ascending', () => {
  for (const api of apis) assert.equal(apiByKey(api.key), api);
  assert.equal(apiByKey(17_000), undefined);
  assert.equal(new Set(apis.map(({ name }) => name)).size, apis.length);
  for (const [index, api] of apis.slice(1).entries()) assert.ok(api.key > (apis[index]?.key ?? 0), api.name);
});
