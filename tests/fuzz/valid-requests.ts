/** Requests that mean something to a broker with the topics of `prepare`, of every API, as seeds. */
import { isMillraceError } from '@millrace/base';
import {
  type Api,
  addOffsetsToTxn,
  addPartitionsToTxn,
  alterConfigs,
  alterPartitionReassignments,
  alterReplicaLogDirs,
  ByteWriter,
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  createPartitions,
  createTopics,
  deleteGroups,
  deleteRecords,
  deleteTopics,
  describeConfigs,
  describeGroups,
  describeProducers,
  describeTopicPartitions,
  describeTransactions,
  electLeaders,
  encodeConsumerSubscription,
  endTxn,
  fetch,
  findCoordinator,
  heartbeat,
  incrementalAlterConfigs,
  initProducerId,
  joinGroup,
  leaveGroup,
  listConfigResources,
  listOffsets,
  listPartitionReassignments,
  metadata,
  offsetCommit,
  offsetDelete,
  offsetFetch,
  offsetForLeaderEpoch,
  produce,
  RecordBatchBuilder,
  type RequestDraft,
  syncGroup,
  txnOffsetCommit,
  versionRange,
  writeTxnMarkers,
} from '@millrace/wire';
import { goldenFrames } from './golden-frames.ts';
import { type MemoryPeer, requestFrame } from './memory-cluster.ts';
import { type Add, addOperations, anyId } from './valid-operations.ts';

/** Topics that are there. */
export const plainTopic = 'plain';
export const compactedTopic = 'compacted';
const transactionalId = 'transfers';

/** Makes what the requests speak of; answers the topics' ids. */
export async function prepare(peer: MemoryPeer): Promise<Readonly<Record<string, string>>> {
  const topic = (name: string, configs: { name: string; value: string }[]) => {
    return { name, numPartitions: 2, replicationFactor: 1, assignments: [], configs };
  };
  const topics = [topic(plainTopic, []), topic(compactedTopic, [{ name: 'cleanup.policy', value: 'compact' }])];
  const { topics: created } = await peer.request(createTopics, { topics, timeoutMs: 1000 });
  const ids = Object.fromEntries(created.map(({ name, topicId }) => [name, topicId]));
  for (const [name, topicId] of Object.entries(ids)) {
    await peer.request(produce, { acks: -1, timeoutMs: 1000, topicData: [produced({ name, topicId })] });
  }
  await peer.request(initProducerId, { transactionalId, transactionTimeoutMs: 60_000 });
  return ids;
}

/** Frames without their lengths, several versions of each. */
export function validRequests(ids: Readonly<Record<string, string>>): Uint8Array[] {
  const writer = new ByteWriter();
  const topicId = ids[plainTopic] ?? anyId;
  const frames: Uint8Array[] = goldenFrames('Request').map(({ frame }) => frame);
  const add = <A extends Api>(api: A, draft: RequestDraft<A>): void => {
    const { first, last } = versionRange(api.versions);
    for (const version of new Set([first, (first + last) >> 1, last])) {
      try {
        frames.push(requestFrame(writer, api, draft, version));
      } catch (error) {
        // An older version can't say it.
        if (!isMillraceError(error)) throw error;
      }
    }
  };
  addRecords(add, topicId);
  addTopics(add, topicId);
  addGroups(add, topicId);
  addTransactions(add, topicId);
  addOperations(add);
  return frames;
}

function addRecords(add: Add, topicId: string): void {
  const name = plainTopic;
  for (const options of [{}, { compression: 'gzip' }, { producerId: 0, producerEpoch: 0, baseSequence: 0 }] as const) {
    add(produce, { acks: -1, timeoutMs: 1000, topicData: [produced({ name, topicId, batch: batchOf(options) })] });
  }
  add(produce, { acks: 1, timeoutMs: 0, topicData: [produced({ name: compactedTopic, topicId })] });
  for (const [sessionId, sessionEpoch] of [
    [0, -1],
    [0, 0],
    [1, 1],
  ] as const) {
    add(fetch, {
      maxWaitMs: 50,
      minBytes: 1,
      isolationLevel: 1,
      sessionId,
      sessionEpoch,
      topics: [{ topic: name, topicId, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 65_536 }] }],
      forgottenTopicsData: [],
      rackId: '',
    });
  }
  for (const timestamp of [-1, -2, -3, 1_700_000_000_000]) {
    add(listOffsets, { replicaId: -1, topics: [{ name, partitions: [{ partitionIndex: 0, timestamp }] }] });
  }
  add(offsetForLeaderEpoch, { topics: [{ topic: name, partitions: [{ partition: 0, leaderEpoch: 0 }] }] });
  add(deleteRecords, { topics: [{ name, partitions: [{ partitionIndex: 0, offset: 1 }] }], timeoutMs: 1000 });
  add(describeProducers, { topics: [{ name, partitionIndexes: [0, 1] }] });
}

function addTopics(add: Add, topicId: string): void {
  add(metadata, { topics: [{ topicId: anyId, name: plainTopic }], allowAutoTopicCreation: true });
  add(metadata, { topics: null });
  const created = { name: 'new', numPartitions: 3, replicationFactor: 1, assignments: [] };
  const configs = [{ name: 'retention.ms', value: '60000' }];
  add(createTopics, { topics: [{ ...created, configs }], timeoutMs: 1000 });
  const assignments = [{ partitionIndex: 0, brokerIds: [1] }];
  add(createTopics, {
    topics: [{ name: 'placed', numPartitions: -1, replicationFactor: -1, assignments, configs: [] }],
    timeoutMs: 1000,
  });
  add(createPartitions, {
    topics: [{ name: plainTopic, count: 4, assignments: null }],
    timeoutMs: 1,
    validateOnly: false,
  });
  add(deleteTopics, { topics: [{ name: 'new', topicId: anyId }], topicNames: ['new'], timeoutMs: 1000 });
  const cursor = { topicName: compactedTopic, partitionIndex: 0 };
  add(describeTopicPartitions, { topics: [{ name: plainTopic }], cursor });
  add(electLeaders, {
    electionType: 0,
    topicPartitions: [{ topic: plainTopic, partitions: [0, 1] }],
    timeoutMs: 1000,
  });
  const moved = [{ name: plainTopic, partitions: [{ partitionIndex: 0, replicas: [1] }] }];
  add(alterPartitionReassignments, { topics: moved, timeoutMs: 1000 });
  add(listPartitionReassignments, { topics: null, timeoutMs: 1000 });
  add(alterReplicaLogDirs, { dirs: [{ path: '/data', topics: [{ name: plainTopic, partitions: [0] }] }] });
  for (const [resourceType, resourceName] of [
    [2, plainTopic],
    [2, 'absent'],
    [4, '1'],
    [4, ''],
    [8, '1'],
    [16, 'watch'],
    [32, 'g'],
  ] as const) {
    const wanted = [{ resourceType, resourceName, configurationKeys: null }];
    add(describeConfigs, { resources: wanted, includeSynonyms: true, includeDocumentation: true });
  }
  for (const [resourceType, resourceName, name, value] of [
    [2, plainTopic, 'retention.ms', '5000'],
    [4, '1', 'log.cleaner.threads', '2'],
    [4, '', 'max.connections.per.ip', '1000'],
    [16, 'watch', 'metrics', 'org.apache.kafka'],
    [16, 'watch', 'match', 'client_id=f.*'],
    [32, 'g', 'consumer.session.timeout.ms', '50000'],
  ] as const) {
    const configs = [{ name, configOperation: 0, value }];
    add(incrementalAlterConfigs, { resources: [{ resourceType, resourceName, configs }], validateOnly: false });
    add(alterConfigs, { resources: [{ resourceType, resourceName, configs: [{ name, value }] }], validateOnly: false });
  }
  add(listConfigResources, { resourceTypes: [2, 16] });
  void topicId;
}

function addGroups(add: Add, topicId: string): void {
  const groupId = 'g';
  const member = { groupId, memberId: 'm', groupInstanceId: 'instance' };
  const subscription = encodeConsumerSubscription({ topics: [plainTopic] });
  add(findCoordinator, { keyType: 0, key: groupId, coordinatorKeys: [groupId] });
  add(joinGroup, {
    ...member,
    memberId: '',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription }],
  });
  add(syncGroup, { ...member, generationId: 1, assignments: [{ memberId: 'm', assignment: new Uint8Array(4) }] });
  add(heartbeat, { ...member, generationId: 1 });
  add(leaveGroup, { ...member, members: [{ memberId: 'm', groupInstanceId: 'instance' }] });
  const partition = { partitionIndex: 0, committedOffset: 1, committedMetadata: 'note' };
  add(offsetCommit, {
    groupId,
    memberId: '',
    topics: [{ name: plainTopic, topicId, partitions: [partition] }],
  });
  const asked = [{ name: plainTopic, topicId, partitionIndexes: [0] }];
  add(offsetFetch, { groupId, topics: asked, groups: [{ groupId, topics: asked }], requireStable: true });
  add(offsetDelete, { groupId, topics: [{ name: plainTopic, partitions: [{ partitionIndex: 0 }] }] });
  add(describeGroups, { groups: [groupId] });
  add(deleteGroups, { groupsNames: [groupId] });
  for (const [memberEpoch, subscribedTopicRegex] of [
    [0, null],
    [0, 'pl.*'],
    [1, null],
    [-1, null],
  ] as const) {
    add(consumerGroupHeartbeat, {
      groupId: 'modern',
      memberId: 'm',
      memberEpoch,
      rebalanceTimeoutMs: 10_000,
      subscribedTopicNames: [plainTopic],
      subscribedTopicRegex,
      topicPartitions: [],
    });
  }
  add(consumerGroupDescribe, { groupIds: ['modern', groupId], includeAuthorizedOperations: true });
}

function addTransactions(add: Add, topicId: string): void {
  const topics = [{ name: plainTopic, partitions: [0] }];
  const producer = { producerId: 0, producerEpoch: 0 };
  add(initProducerId, { transactionalId, transactionTimeoutMs: 60_000 });
  add(initProducerId, { transactionalId: null, transactionTimeoutMs: 60_000 });
  add(addPartitionsToTxn, {
    transactions: [{ transactionalId, ...producer, verifyOnly: false, topics }],
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: 0,
    v3AndBelowProducerEpoch: 0,
    v3AndBelowTopics: topics,
  });
  const batch = batchOf({ ...producer, baseSequence: 0, transactional: true });
  const topicData = [produced({ name: plainTopic, topicId, batch })];
  add(produce, { transactionalId, acks: -1, timeoutMs: 1000, topicData });
  add(addOffsetsToTxn, { transactionalId, ...producer, groupId: 'g' });
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }];
  add(txnOffsetCommit, {
    transactionalId,
    groupId: 'g',
    ...producer,
    memberId: '',
    topics: [{ name: plainTopic, partitions }],
  });
  add(endTxn, { transactionalId, ...producer, committed: false });
  const written = [{ name: plainTopic, partitionIndexes: [0] }];
  const marker = { ...producer, transactionResult: false, topics: written, coordinatorEpoch: 0 };
  add(writeTxnMarkers, { markers: [marker] });
  add(describeTransactions, { transactionalIds: [transactionalId] });
}

interface Written {
  readonly name: string;
  readonly topicId: string | undefined;
  readonly batch?: Uint8Array;
}

function produced({ name, topicId = anyId, batch = batchOf({}) }: Written) {
  return { name, topicId, partitionData: [{ index: 0, records: batch }] };
}

function batchOf(options: Parameters<RecordBatchBuilder['build']>[0]): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (const key of ['a', 'b', 'a']) builder.append(1_700_000_000_000, key, `value of ${key}`);
  return Uint8Array.from(builder.build(options));
}
