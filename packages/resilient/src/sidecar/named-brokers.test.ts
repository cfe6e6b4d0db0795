/** Which answers name brokers, and what they say once these are elsewhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Api,
  ByteWriter,
  correlationIdOf,
  decodeResponse,
  describeCluster,
  encodeResponse,
  fetch,
  findCoordinator,
  metadata,
  produce,
  type ResponseDraft,
  type ResponseOf,
  versionRange,
} from '@millrace/wire';
import { namedBrokers } from './named-brokers.ts';

const writer = new ByteWriter();
const real = { host: 'broker.example', port: 9093 };
const elsewhere = (nodeId: number) => ({ host: '127.0.0.1', port: 40_000 + nodeId });

function frameOf<A extends Api>(api: A, version: number, draft: ResponseDraft<A>): Uint8Array {
  return Buffer.concat(encodeResponse(writer, api, version, 77, draft).chunks).subarray(4);
}

/** The answer as a program gets it. */
function rewritten<A extends Api>(api: A, version: number, frame: Uint8Array): ResponseOf<A> {
  const named = namedBrokers(api.key, version, frame);
  assert.ok(named !== undefined, `${api.name} ${version} names brokers`);
  const passed = Buffer.concat(named.encode(writer, elsewhere).chunks).subarray(4);
  assert.equal(correlationIdOf(passed), 77);
  return decodeResponse(api, version, passed);
}

function versionsOf({ versions }: Api, since = 0): number[] {
  const { first, last } = versionRange(versions);
  return Array.from({ length: last - Math.max(first, since) + 1 }, (_, index) => Math.max(first, since) + index);
}

test('metadata, in every version, names each broker where it is found here and nothing else changes', () => {
  const partition = { errorCode: 0, partitionIndex: 0, leaderId: 2, replicaNodes: [2, 3], isrNodes: [2] };
  for (const version of versionsOf(metadata)) {
    const frame = frameOf(metadata, version, {
      brokers: [2, 3].map((nodeId) => ({ nodeId, ...real })),
      topics: [{ errorCode: 0, name: 'orders', partitions: [partition] }],
    });
    const { brokers: before, ...rest } = decodeResponse(metadata, version, frame);
    const { brokers, ...passed } = rewritten(metadata, version, frame);
    assert.deepEqual(passed, rest);
    assert.deepEqual(
      brokers,
      before.map((broker) => ({ ...broker, ...elsewhere(broker.nodeId) })),
    );
  }
});

test('a coordinator is named where it is found here; where there is none nothing changes', () => {
  for (const version of versionsOf(findCoordinator)) {
    const none = { key: 'b', nodeId: -1, host: '', port: -1, errorCode: 15 };
    if (version < 4) {
      assert.equal(
        namedBrokers(findCoordinator.key, version, frameOf(findCoordinator, version, draftOf(none))),
        undefined,
      );
      const { host, port } = rewritten(
        findCoordinator,
        version,
        frameOf(findCoordinator, version, draftOf({ nodeId: 2, ...real, errorCode: 0 })),
      );
      assert.deepEqual({ host, port }, elsewhere(2));
      continue;
    }
    const found = { key: 'a', nodeId: 2, ...real, errorCode: 0 };
    const { coordinators } = rewritten(
      findCoordinator,
      version,
      frameOf(findCoordinator, version, { coordinators: [found, none] }),
    );
    assert.deepEqual(
      coordinators.map(({ host, port }) => ({ host, port })),
      [elsewhere(2), { host: '', port: -1 }],
    );
  }
});

test('descriptions of the cluster, and leaders that answers to Produce and Fetch name, are found here', () => {
  for (const version of versionsOf(describeCluster)) {
    const frame = frameOf(describeCluster, version, {
      errorCode: 0,
      clusterId: 'c',
      brokers: [{ brokerId: 3, ...real }],
    });
    assert.equal(rewritten(describeCluster, version, frame).brokers[0]?.port, 40_003);
  }
  const nodeEndpoints = [{ nodeId: 4, ...real }];
  for (const version of versionsOf(produce, 10)) {
    assert.equal(
      rewritten(produce, version, frameOf(produce, version, { responses: [], nodeEndpoints })).nodeEndpoints[0]?.port,
      40_004,
    );
  }
  const records = Buffer.from('whatever a broker stores');
  const partition = { partitionIndex: 0, errorCode: 6, highWatermark: 1, records };
  for (const version of versionsOf(fetch, 16)) {
    const frame = frameOf(fetch, version, { responses: [{ partitions: [partition] }], nodeEndpoints });
    const { nodeEndpoints: passed, responses } = rewritten(fetch, version, frame);
    assert.equal(passed[0]?.port, 40_004);
    assert.deepEqual(Buffer.from(responses[0]?.partitions[0]?.records ?? []), records);
  }
});

test('answers that name nobody pass as they are, read or not', () => {
  assert.equal(namedBrokers(fetch.key, 16, frameOf(fetch, 16, { responses: [] })), undefined);
  assert.equal(namedBrokers(produce.key, 9, Buffer.from('not even an answer')), undefined);
  assert.throws(() => namedBrokers(metadata.key, 12, Buffer.from('not even an answer')), { code: 'malformed_message' });
});

function draftOf(coordinator: { nodeId: number; host: string; port: number; errorCode: number }) {
  const { nodeId, host, port, errorCode } = coordinator;
  return { nodeId, host, port, errorCode };
}
