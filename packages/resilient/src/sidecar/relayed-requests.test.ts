/** What passes, and what is read of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Api,
  apis,
  ByteWriter,
  encodeRequest,
  encodeResponse,
  fetch,
  findCoordinator,
  metadata,
  offsetCommit,
  offsetFetch,
  produce,
  type RequestDraft,
  saslAuthenticate,
  txnOffsetCommit,
  versionRange,
} from '@millrace/wire';
import { commonVersions, keepsPromise, mayPass, passableVersions } from './passable-versions.ts';
import { groupsCommitted, groupsFetched, isAnswered, payloadBytes, requestKind } from './relayed-requests.ts';

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

test('groups are those that commit, or are brought offsets to go on from, in every version', () => {
  const topics = [{ name: 'orders' }];
  for (const version of versionsOf(offsetCommit)) {
    const frame = requestOf(offsetCommit, version, { groupId: 'billing', topics: [] });
    assert.deepEqual(groupsCommitted(requestKind(frame), frame), ['billing']);
  }
  for (const version of versionsOf(txnOffsetCommit)) {
    const ids = { transactionalId: 'bank', producerId: 1, producerEpoch: 0 };
    const frame = requestOf(txnOffsetCommit, version, { ...ids, groupId: 'billing', memberId: '', topics: [] });
    assert.deepEqual(groupsCommitted(requestKind(frame), frame), ['billing']);
  }
  for (const version of versionsOf(offsetFetch)) {
    const group = { groupId: 'billing', topics: [] };
    const frame = requestOf(offsetFetch, version, version < 8 ? group : { groups: [group] });
    const fetched = (committedOffset: number) => {
      const partition = { partitionIndex: 0, committedOffset, metadata: '', errorCode: 0 };
      const told = topics.map((topic) => ({ ...topic, partitions: [partition] }));
      const draft = version < 8 ? { topics: told } : { groups: [{ ...group, topics: told, errorCode: 0 }] };
      const answer = Buffer.concat(encodeResponse(writer, offsetFetch, version, 1, draft as never).chunks).subarray(4);
      return groupsFetched(requestKind(frame), frame, answer);
    };
    assert.deepEqual([fetched(-1), fetched(0)], [[], ['billing']], `version ${version}`);
  }
  const look = requestOf(findCoordinator, 3, { key: 'billing', keyType: 0 });
  assert.deepEqual(groupsCommitted(requestKind(look), look), []);
  assert.throws(() => requestKind(Buffer.alloc(7)), { code: 'program_refused' });
});

test('of what a consumer fetches the records count, and not the frame around them', () => {
  for (const version of versionsOf(fetch)) {
    const request = requestOf(fetch, version, { maxWaitMs: 1, minBytes: 1, topics: [] });
    const answer = (records: Uint8Array | null): number => {
      const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 0, lastStableOffset: 0, records };
      const topic = version >= 13 ? { topicId: 'AAAAAAAAQACAAAAAAAAAAQ' } : { topic: 'orders' };
      const draft = { responses: [{ ...topic, partitions: [partition] }] };
      const frame = Buffer.concat(encodeResponse(writer, fetch, version, 1, draft as never).chunks).subarray(4);
      return payloadBytes(requestKind(request), frame);
    };
    assert.deepEqual([answer(null), answer(new Uint8Array(100))], [0, 100], `version ${version}`);
    assert.ok(answer(new Uint8Array(10_000)) >= 10_000);
  }
});

function versionsOf({ versions }: Api): number[] {
  const { first, last } = versionRange(versions);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

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
