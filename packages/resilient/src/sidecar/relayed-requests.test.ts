/** What passes, and what is read of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Api,
  apis,
  ByteWriter,
  encodeRequest,
  fetch,
  findCoordinator,
  metadata,
  produce,
  type RequestDraft,
  saslAuthenticate,
  versionRange,
} from '@millrace/wire';
import { commonVersions, keepsPromise, mayPass, passableVersions } from './passable-versions.ts';
import { groupsAskedFor, isAnswered, requestKind } from './relayed-requests.ts';

const writer = new ByteWriter();

function requestOf<A extends Api>(api: A, version: number, draft: RequestDraft<A>): Uint8Array {
  return Buffer.concat(encodeRequest(writer, api, version, 1, 'a client', draft).chunks).subarray(4);
}

test('a Produce that asks for no answer is told from others in every version', () => {
  const { last } = versionRange(produce.versions);
  for (let version = 3; version <= last; version++) {
    for (const transactionalId of [null, 'bank']) {
      for (const acks of [0, 1, -1]) {
        const frame = requestOf(produce, version, { transactionalId, acks, timeoutMs: 1, topicData: [] });
        const kind = requestKind(frame);
        assert.deepEqual(kind, { apiKey: produce.key, apiVersion: version });
        assert.equal(isAnswered(kind, frame), acks !== 0);
      }
    }
  }
});

test('groups are those whose coordinator is asked for, transactional ids are none', () => {
  const asked = (version: number, draft: RequestDraft<typeof findCoordinator>) => {
    const frame = requestOf(findCoordinator, version, draft);
    return groupsAskedFor(requestKind(frame), frame);
  };
  assert.deepEqual(asked(0, { key: 'billing' }), ['billing']);
  assert.deepEqual(asked(3, { key: 'billing', keyType: 0 }), ['billing']);
  assert.deepEqual(asked(6, { keyType: 0, coordinatorKeys: ['a', 'b'] }), ['a', 'b']);
  assert.deepEqual(asked(6, { keyType: 1, coordinatorKeys: ['bank'] }), []);
  assert.deepEqual(groupsAskedFor({ apiKey: metadata.key, apiVersion: 1 }, Buffer.alloc(0)), []);
  assert.throws(() => requestKind(Buffer.alloc(7)), { code: 'program_refused' });
});

const broker = apis.map(({ key, versions }) => {
  const { first, last } = versionRange(versions);
  return { apiKey: key, minVersion: first, maxVersion: last };
});

test('programs are told of no API that is not known here, nor of versions whose answers can not be read', () => {
  const newer = broker.map((range) => ({ ...range, maxVersion: range.maxVersion + 5 }));
  const told = passableVersions([...newer, { apiKey: 999, minVersion: 0, maxVersion: 1 }]);
  const of = (key: number) => told.find(({ apiKey }) => apiKey === key);
  assert.equal(of(999), undefined);
  assert.equal(of(fetch.key)?.maxVersion, versionRange(fetch.versions).last);
  assert.equal(of(saslAuthenticate.key)?.maxVersion, 2);
  assert.ok(mayPass(fetch.key, versionRange(fetch.versions).last));
  assert.ok(!mayPass(fetch.key, versionRange(fetch.versions).last + 1));
  assert.ok(!mayPass(saslAuthenticate.key, 2));
  assert.ok(!mayPass(999, 0));
});

test('of several brokers programs are told what all have, and one that has less keeps no promise', () => {
  const older = broker
    .filter(({ apiKey }) => apiKey !== metadata.key)
    .map((range) => (range.apiKey === fetch.key ? { ...range, maxVersion: 12 } : range));
  const common = commonVersions([broker, older]);
  assert.equal(common.find(({ apiKey }) => apiKey === fetch.key)?.maxVersion, 12);
  assert.equal(
    common.find(({ apiKey }) => apiKey === metadata.key),
    undefined,
  );
  assert.ok(keepsPromise(common, older) && keepsPromise(common, broker));
  assert.ok(!keepsPromise(broker, older));
});
