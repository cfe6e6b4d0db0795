/** What memberships of groups do at moments that a real broker does not bring about on demand. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import {
  consumerGroupHeartbeat,
  errorCodes,
  fetch,
  findCoordinator,
  heartbeat,
  joinGroup,
  leaveGroup,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  syncGroup,
} from '@millrace/wire';
import type { Client } from '../client.ts';
import { createClient } from '../kafka-client.ts';
import { ScriptedBroker } from '../testing/scripted-network.ts';

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';

/** A broker with one topic that coordinates all groups. */
function coordinator(): ScriptedBroker {
  const partition = { errorCode: 0, partitionIndex: 0, leaderId: 1, leaderEpoch: 1, replicaNodes: [1], isrNodes: [1] };
  return new ScriptedBroker()
    .on(metadata, () => ({
      brokers: [{ nodeId: 1, host: 'broker', port: 9092 }],
      topics: [{ errorCode: 0, name: 'lines', topicId, partitions: [partition] }],
    }))
    .on(findCoordinator, ({ coordinatorKeys }) => ({
      coordinators: coordinatorKeys.map((key) => ({ key, nodeId: 1, host: 'broker', port: 9092, errorCode: 0 })),
    }))
    .on(offsetFetch, ({ groups }) => ({
      groups: groups.map(({ groupId }) => ({
        groupId,
        topics: [{ name: 'lines', partitions: [{ partitionIndex: 0, committedOffset: 0, errorCode: 0 }] }],
      })),
    }))
    .on(listOffsets, () => ({ topics: [] }))
    .on(fetch, () => 'silence');
}

function connect(t: TestContext, broker: ScriptedBroker): Client {
  const { platform } = broker.network;
  const options = { bootstrap: 'broker:9092', retryBackoffMs: 1, retryBackoffMaxMs: 2, telemetry: false };
  const client = createClient({ ...options, platform });
  t.after(() => client.close());
  return client;
}

/** Longer than a scripted broker needs to be connected to and to answer. */
async function turns(): Promise<void> {
  for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
}

for (const protocol of ['classic', 'consumer'] as const) {
  test(`a consumer that is closed while it looks for its coordinator does not join (${protocol})`, async (t) => {
    const broker = coordinator();
    const client = connect(t, broker);
    const consumer = client.consumer({ topics: ['lines'], group: 'g', protocol });
    let closing: Promise<void> | undefined;
    broker.on(findCoordinator, () => {
      closing ??= consumer.close();
      return { coordinators: [{ key: 'g', nodeId: 1, host: 'broker', port: 9092, errorCode: 0 }] };
    });
    let joins = 0;
    const join = (): 'silence' => {
      joins++;
      return 'silence';
    };
    broker.on(joinGroup, join).on(consumerGroupHeartbeat, join);
    assert.deepEqual(await consumer.batches().next(), { done: true, value: undefined });
    await closing;
    await turns();
    assert.equal(joins, 0);
    const open = broker.network.peers.filter(({ isEnded }) => !isEnded);
    assert.equal(open.length, 1, 'but for the one that the client asks for coordinators');
  });
}

/** Answers commits as a group without members does, which refuses nobody that names no generation. */
function emptyGroup(): { readonly broker: ScriptedBroker; readonly commits: () => number } {
  let commits = 0;
  const broker = coordinator()
    .on(offsetCommit, ({ topics }) => {
      commits++;
      return {
        topics: topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: 0 })),
        })),
      };
    })
    .on(leaveGroup, () => ({ errorCode: 0, members: [] }));
  return { broker, commits: () => commits };
}

/** Resolves when a member that has joined, in generation 3, or -1 for none, asks to join again. */
function joiningAgain(broker: ScriptedBroker, errorCode: number): Promise<void> {
  const again = Promise.withResolvers<void>();
  let joins = 0;
  broker.on(joinGroup, () => {
    if (++joins === 2) again.resolve();
    if (joins > 1) return 'silence';
    return { errorCode, generationId: 3, protocolName: 'cooperative-sticky', leader: 'l', memberId: 'm', members: [] };
  });
  return again.promise;
}

for (const [what, joinError] of [
  ['whose generation is over', errorCodes.NONE],
  ['that has its id, but no generation yet,', errorCodes.MEMBER_ID_REQUIRED],
] as const) {
  test(`a member ${what} commits nothing, into a transaction neither`, async (t) => {
    const { broker, commits } = emptyGroup();
    broker
      .on(syncGroup, () => ({ errorCode: 0, assignment: new Uint8Array() }))
      .on(heartbeat, () => ({ errorCode: errorCodes.ILLEGAL_GENERATION }));
    const joins = joiningAgain(broker, joinError);
    const client = connect(t, broker);
    const consumer = client.consumer({ topics: ['lines'], group: 'g', heartbeatIntervalMs: 1, sessionTimeoutMs: 10 });
    const next = consumer.batches().next();
    await Promise.race([joins, next]);
    const offsets = [{ topic: 'lines', partition: 0, offset: 5 }];
    await assert.rejects(consumer.commit(offsets), { code: 'commit_failed', message: /is no member of the group/ });
    assert.throws(() => consumer.groupOffsets(), { code: 'commit_failed' });
    assert.equal(commits(), 0);
    await client.close();
    await next;
  });
}

test('a member whose group was forgotten joins again', async (t) => {
  const broker = coordinator();
  const asked: string[] = [];
  const joinedAgain = Promise.withResolvers<void>();
  broker.on(consumerGroupHeartbeat, ({ memberEpoch, memberId }) => {
    const kind = memberEpoch === 0 ? 'join' : memberEpoch < 0 ? 'leave' : 'beat';
    asked.push(kind);
    if (kind === 'beat') return { errorCode: errorCodes.GROUP_ID_NOT_FOUND, memberEpoch: 0, heartbeatIntervalMs: 0 };
    if (asked.filter((each) => each === 'join').length === 2) joinedAgain.resolve();
    return { errorCode: 0, memberId, memberEpoch: kind === 'leave' ? -1 : 1, heartbeatIntervalMs: 10 };
  });
  const consumer = connect(t, broker).consumer({ topics: ['lines'], group: 'g', protocol: 'consumer' });
  const next = consumer.batches().next();
  await Promise.race([joinedAgain.promise, next]);
  await consumer.close();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.deepEqual(asked.slice(0, 3), ['join', 'beat', 'join']);
});

test('a coordinator that knows a member before it joins is asked again after a pause', async (t) => {
  const broker = coordinator();
  let joins = 0;
  const joined = Promise.withResolvers<void>();
  broker.on(consumerGroupHeartbeat, ({ memberEpoch, memberId }) => {
    if (memberEpoch < 0) return { errorCode: 0, memberId, memberEpoch, heartbeatIntervalMs: 0 };
    if (++joins <= 2) return { errorCode: errorCodes.FENCED_MEMBER_EPOCH, memberEpoch: 0, heartbeatIntervalMs: 0 };
    joined.resolve();
    return { errorCode: 0, memberId, memberEpoch: 1, heartbeatIntervalMs: 60_000 };
  });
  const consumer = connect(t, broker).consumer({ topics: ['lines'], group: 'g', protocol: 'consumer' });
  const next = consumer.batches().next();
  await Promise.race([joined.promise, next]);
  await consumer.close();
  await next;
  assert.equal(joins, 3);
});

test('a leader whose coordinator chose an assignor that nobody offered ends with an error that says so', async (t) => {
  const broker = coordinator().on(joinGroup, () => ({
    errorCode: 0,
    generationId: 1,
    protocolType: 'consumer',
    protocolName: 'odd',
    leader: 'm',
    memberId: 'm',
    members: [],
  }));
  const consumer = connect(t, broker).consumer({ topics: ['lines'], group: 'g' });
  await assert.rejects(consumer.batches().next(), (error) => {
    assert.ok(isMillraceError(error, 'kafka_error'), String(error));
    assert.match(error.message, /lead group g: INCONSISTENT_GROUP_PROTOCOL.*chose the assignor 'odd'/);
    return true;
  });
});

test('a coordinator that asks for heartbeats without a pause gets them with one', async (t) => {
  const broker = coordinator();
  let beats = 0;
  const enough = Promise.withResolvers<void>();
  broker.on(consumerGroupHeartbeat, ({ memberId }) => {
    if (++beats === 4) enough.resolve();
    return { errorCode: 0, memberId, memberEpoch: 1, heartbeatIntervalMs: beats % 2 === 0 ? 0 : -1 };
  });
  const delays: number[] = [];
  const { platform } = broker.network;
  const after: typeof platform.timers.after = (delayMs, callback) => {
    delays.push(delayMs);
    return platform.timers.after(delayMs, callback);
  };
  const timers = { ...platform.timers, after };
  const client = createClient({ bootstrap: 'broker:9092', telemetry: false, platform: { ...platform, timers } });
  t.after(() => client.close());
  const reading = client
    .consumer({ topics: ['lines'], group: 'g', protocol: 'consumer' })
    .batches()
    .next();
  await enough.promise;
  assert.ok(
    delays.every((delayMs) => delayMs >= 10),
    `${delays}`,
  );
  await client.close();
  await reading;
});

const strangeId = 'AAAAAAAAAAAAAAAAAAAAAg';
for (const [what, bound, assignedEachTime] of [
  ['whose assigned topic has no name', 4, false],
  ['that is told of its assignment each time', 30, true],
] as const) {
  test(`a member ${what} does not send heartbeat upon heartbeat`, async (t) => {
    const assignment = { topicPartitions: [{ topicId: assignedEachTime ? topicId : strangeId, partitions: [0] }] };
    let beats = 0;
    const broker = coordinator().on(consumerGroupHeartbeat, ({ memberId }) => {
      const isTold = ++beats === 1 || assignedEachTime;
      const answer = { errorCode: 0, memberId, memberEpoch: 1, heartbeatIntervalMs: 60_000 };
      return { ...answer, assignment: isTold ? assignment : null };
    });
    const client = connect(t, broker);
    const reading = client
      .consumer({ topics: ['lines'], group: 'g', protocol: 'consumer' })
      .batches()
      .next();
    for (let n = 0; n < 4; n++) await turns();
    assert.ok(beats > 1 && beats <= bound, `${beats}`);
    await client.close();
    await reading;
  });
}
