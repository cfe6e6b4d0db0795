/** Who may do what with groups, transactional ids, access control entries and credentials. */
import {
  alterUserScramCredentials,
  createAcls,
  deleteAcls,
  deleteGroups,
  describeAcls,
  describeGroups,
  describeUserScramCredentials,
  findCoordinator,
  heartbeat,
  initProducerId,
  joinGroup,
  leaveGroup,
  offsetCommit,
  offsetFetch,
  syncGroup,
} from '@millrace/wire';
import {
  commitOf,
  denied,
  group,
  onCluster,
  onGroup,
  onTopic,
  refuses,
  securedForTests,
  topic,
} from '../testing/refusals.ts';
import { creationOf } from '../testing/secured-cluster.ts';

const shared = securedForTests();

const everything = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
};

refuses(shared, {
  api: findCoordinator,
  what: 'of a group',
  draft: () => ({ keyType: 0, coordinatorKeys: [group] }),
  codes: ({ coordinators }) => coordinators.map(({ errorCode }) => errorCode),
  refusal: denied.group,
  grants: [onGroup('Describe'), onGroup('Read')],
});
refuses(shared, {
  api: findCoordinator,
  what: 'of a transactional id',
  draft: () => ({ keyType: 1, coordinatorKeys: ['payments'] }),
  codes: ({ coordinators }) => coordinators.map(({ errorCode }) => errorCode),
  refusal: denied.transaction,
  grants: [{ operation: 'Write', type: 'TransactionalId', name: 'payments' }],
});
refuses(shared, {
  api: joinGroup,
  draft: () => ({
    groupId: group,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array(0) }],
    reason: null,
  }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.group,
  grants: [onGroup('Read')],
});
refuses(shared, {
  api: syncGroup,
  draft: () => ({
    groupId: group,
    generationId: 1,
    memberId: 'm',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [],
  }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.group,
  grants: [onGroup('Read')],
});
refuses(shared, {
  api: heartbeat,
  draft: () => ({ groupId: group, generationId: 1, memberId: 'm', groupInstanceId: null }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.group,
  grants: [onGroup('Read')],
});
refuses(shared, {
  api: leaveGroup,
  draft: () => ({ groupId: group, members: [{ memberId: 'm', groupInstanceId: null, reason: null }] }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.group,
  grants: [onGroup('Read')],
});
refuses(shared, {
  api: describeGroups,
  draft: () => ({ groups: [group], includeAuthorizedOperations: false }),
  codes: ({ groups }) => groups.map(({ errorCode }) => errorCode),
  refusal: denied.group,
  grants: [onGroup('Describe')],
});
refuses(shared, {
  api: deleteGroups,
  draft: () => ({ groupsNames: [group] }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.group,
  grants: [onGroup('Delete')],
});
refuses(shared, {
  api: offsetFetch,
  version: 9,
  draft: () => {
    const topics = [{ name: topic, partitionIndexes: [0] }];
    return { groups: [{ groupId: group, memberId: null, memberEpoch: -1, topics }], requireStable: false };
  },
  codes: ({ groups }) => groups.map(({ errorCode }) => errorCode),
  refusal: denied.group,
  grants: [onGroup('Describe'), onGroup('Read')],
});
refuses(shared, {
  api: offsetCommit,
  version: 9,
  draft: () => commitOf([topic]),
  codes: ({ topics }) => topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
  refusal: denied.group,
  grants: [onGroup('Read')],
});
refuses(shared, {
  api: initProducerId,
  draft: () => ({ transactionalId: null, transactionTimeoutMs: 1000 }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.cluster,
  grants: [onTopic('Write'), onTopic('Write', 'any-topic')],
});
refuses(shared, {
  api: initProducerId,
  what: 'with a transactional id',
  draft: () => ({ transactionalId: 'payments', transactionTimeoutMs: 1000 }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.transaction,
  grants: [{ operation: 'Write', type: 'TransactionalId', name: 'payments' }],
});
refuses(shared, {
  api: describeAcls,
  draft: () => ({ ...everything, permissionType: 1 }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.cluster,
  grants: [onCluster('Describe'), onCluster('Alter')],
});
refuses(shared, {
  api: createAcls,
  draft: () => ({ creations: [creationOf(onTopic('Read'))] }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.cluster,
  grants: [onCluster('Alter')],
});
refuses(shared, {
  api: deleteAcls,
  draft: () => ({ filters: [{ ...everything, resourceNameFilter: 'nothing', permissionType: 1 }] }),
  codes: ({ filterResults }) => filterResults.map(({ errorCode }) => errorCode),
  refusal: denied.cluster,
  grants: [onCluster('Alter')],
});
refuses(shared, {
  api: describeUserScramCredentials,
  draft: () => ({ users: null }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.cluster,
  grants: [onCluster('Describe')],
});
refuses(shared, {
  api: alterUserScramCredentials,
  draft: () => ({ deletions: [{ name: 'absent', mechanism: 1 }], upsertions: [] }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.cluster,
  grants: [onCluster('Alter')],
});
