/** What is asked about consumer groups (KIP-848), the same of every broker. */
import {
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  createPartitions,
  createTopics,
  deleteGroups,
  describeGroups,
  errorCodes,
  findCoordinator,
  heartbeat,
  leaveGroup,
  listGroups,
  metadata,
  offsetCommit,
  offsetDelete,
  offsetFetch,
} from '@millrace/wire';
import { classicMembers, upgradeAndDowngrade } from './classic-members-script.ts';
import { groupConfiguration } from './configuration-script.ts';
import type { Conversation } from './conversation.ts';
import { beat, type Heartbeat, type HeartbeatAnswer, id, join, owned } from './heartbeats.ts';

/** The configuration that the answers depend on, by Kafka's broker configuration names. */
export const configuration: Readonly<Record<string, string>> = {
  'group.consumer.max.size': '3',
  'group.consumer.min.heartbeat.interval.ms': '500',
  'group.consumer.min.session.timeout.ms': '5000',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
};

/** Asks everything, on a broker without groups whose topics nobody named yet. */
export async function converse(conversation: Conversation): Promise<void> {
  const topics = await prepare(conversation);
  await wrongRequests(conversation);
  await members(conversation);
  await offsets(conversation, topics);
  await administration(conversation);
  await staticMembers(conversation);
  await topicChanges(conversation);
  await patterns(conversation);
  await classicMembers(conversation);
  await upgradeAndDowngrade(conversation);
  await groupConfiguration(conversation);
}

type Topics = Readonly<Record<'orders' | 'events', string>>;

async function prepare(c: Conversation): Promise<Topics> {
  const draft = (name: string) => ({ name, numPartitions: 4, replicationFactor: 1, assignments: [], configs: [] });
  const create = { topics: [draft('orders'), draft('events')], timeoutMs: 10_000, validateOnly: false };
  await c.request(createTopics, 5, create);
  const found = await c.requestUntil(
    metadata,
    12,
    () => ({ topics: ['orders', 'events'].map((name) => ({ name })), allowAutoTopicCreation: false }),
    (answer) => answer.topics.every((topic) => topic.errorCode === 0 && topic.partitions.length === 4),
  );
  const idOf = (name: string): string => found.topics.find((topic) => topic.name === name)?.topicId ?? '';
  for (const name of ['orders', 'events']) c.name(idOf(name), `id of ${name}`);
  for (const letter of 'abcdefghz') c.name(id(letter), `member-${letter}`);
  await c.requestUntil(
    findCoordinator,
    4,
    () => ({ keyType: 0, coordinatorKeys: ['g'] }),
    (answer) => answer.coordinators[0]?.errorCode === errorCodes.NONE,
  );
  const loading: readonly number[] = [errorCodes.COORDINATOR_LOAD_IN_PROGRESS, errorCodes.NOT_COORDINATOR];
  await c.requestUntil(
    consumerGroupHeartbeat,
    1,
    () => beat('none', 'z', 7, { topicPartitions: [] }),
    (answer) => !loading.includes(answer.errorCode),
  );
  return { orders: idOf('orders'), events: idOf('events') };
}

async function wrongRequests(c: Conversation): Promise<void> {
  const wrong: Readonly<Record<string, Heartbeat>> = {
    'an empty group id': join('', 'a'),
    'an empty member id': join('g', ''),
    'an empty instance id': join('g', 'a', { instanceId: '' }),
    'an empty rack': join('g', 'a', { rackId: ' ' }),
    'no rebalance timeout': join('g', 'a', { rebalanceTimeoutMs: -1 }),
    'partitions that are owned when joining': join('g', 'a', {
      topicPartitions: [{ topicId: id('t'), partitions: [1] }],
    }),
    'null for owned partitions when joining': join('g', 'a', { topicPartitions: null }),
    'null for subscriptions': join('g', 'a', { subscribedTopicNames: null }),
    'an epoch of -3': beat('g', 'a', -3),
    'an epoch of -2 without instance id': beat('g', 'a', -2),
    'an assignor that there is not': join('g', 'a', { serverAssignor: 'sticky' }),
    'a pattern that is none': join('g', 'a', { subscribedTopicNames: null, subscribedTopicRegex: '(' }),
    'a later heartbeat in a group that is not there': beat('g', 'a', 5, { topicPartitions: [] }),
    'leaving a group that is not there': beat('g', 'a', -1),
  };
  for (const [what, draft] of Object.entries(wrong)) await c.ask(what, consumerGroupHeartbeat, 1, draft);
  await c.ask('joins and reads nothing', consumerGroupHeartbeat, 1, join('n', 'a', { subscribedTopicNames: [] }));
  await c.ask('leaves after reading nothing', consumerGroupHeartbeat, 1, beat('n', 'a', -1));
}

async function members(c: Conversation): Promise<void> {
  const say = (step: string, draft: Heartbeat) => c.ask(step, consumerGroupHeartbeat, 1, draft);
  const first = await say('a joins', join('g', 'a'));
  const ofA = owned(first);
  await say('a heartbeat says nothing new', beat('g', 'a', 1));
  await say('a heartbeat says everything', join('g', 'a', { memberEpoch: 1, topicPartitions: ofA }));
  await say('a joins once more as the answer was lost', join('g', 'a'));
  await say('a comes with a later epoch', beat('g', 'a', 9, { topicPartitions: ofA }));
  await say('an unknown member', beat('g', 'z', 1, { topicPartitions: [] }));
  await say('b joins', join('g', 'b'));
  const revoking = await say('a must give up some', beat('g', 'a', 1));
  const kept = owned(revoking);
  await say('b gets nothing yet', beat('g', 'b', 2));
  await say('a has not given them up', beat('g', 'a', 1, { topicPartitions: ofA }));
  await say('a gave them up', beat('g', 'a', 1, { topicPartitions: kept }));
  const got = await say('b gets them', beat('g', 'b', 2));
  await say('b owns them', beat('g', 'b', 2, { topicPartitions: owned(got) }));
  await say('a comes with the epoch before', beat('g', 'a', 1, { topicPartitions: kept }));
  await say('a comes with the epoch before and says nothing', beat('g', 'a', 1));
  await say('a comes with an epoch too old', beat('g', 'a', 0, { topicPartitions: [] }));
  await say('a joins again though it is a member', join('g', 'a'));
  await say('c joins', join('g', 'c'));
  await say('the group is full', join('g', 'd'));
  await say('c leaves', beat('g', 'c', -1));
  await say('c is gone', beat('g', 'c', 3, { topicPartitions: [] }));
  await say('c can not leave twice', beat('g', 'c', -1));
  const ofB = owned(got);
  const next = await say('a notes the next epoch', beat('g', 'a', 2, { topicPartitions: kept }));
  await say('b notes the next epoch', beat('g', 'b', 2, { topicPartitions: ofB }));
  await say('a is settled', beat('g', 'a', next.memberEpoch, { topicPartitions: kept }));
  const events = { subscribedTopicNames: ['events'] };
  const other = await say('b subscribes to another topic', beat('g', 'b', 4, events));
  const ofBLater = owned(other).filter((topic) => !ofB.some((before) => before.topicId === topic.topicId));
  await say('b gave its partitions up', beat('g', 'b', 4, { topicPartitions: ofBLater }));
  await say('b is settled', beat('g', 'b', 5, { topicPartitions: ofBLater }));
  await say('a gets them', beat('g', 'a', 4, { topicPartitions: kept }));
  const answer = await c.ask('a member of version 0 gets an id', consumerGroupHeartbeat, 0, join('v0', ''));
  const leaving = { groupId: 'v0', memberId: answer.memberId ?? '', memberEpoch: -1 };
  await c.ask('leaves by version 0', consumerGroupHeartbeat, 0, leaving);
}

async function offsets(c: Conversation, topics: Topics): Promise<void> {
  const commit = (step: string, letter: string, epoch: number, version: number, groupId = 'g') => {
    const partitions = [{ partitionIndex: 0, committedOffset: 7, committedLeaderEpoch: -1, committedMetadata: '' }];
    return c.ask(step, offsetCommit, version, {
      groupId,
      memberId: letter === '' ? '' : id(letter),
      generationIdOrMemberEpoch: epoch,
      topics: [{ name: 'orders', topicId: topics.orders, partitions }],
    });
  };
  await commit('a commits', 'a', 5, 9);
  await commit('a commits with an old epoch', 'a', 4, 9);
  await commit('a commits with a later epoch', 'a', 6, 9);
  await commit('an unknown member commits', 'z', 5, 9);
  await commit('a commits by an old version', 'a', 5, 8);
  await commit('an administrator commits in a group with members', '', -1, 9);
  await commit('a member of no group commits', 'a', 5, 9, 'absent');
  await commit('an administrator commits in a group that is not there', '', -1, 9, 'simple');
  const fetch = (step: string, memberId: string | null, memberEpoch: number, groupId = 'g') => {
    const asked = [{ name: 'orders', partitionIndexes: [0] }];
    return c.ask(step, offsetFetch, 9, { groups: [{ groupId, memberId, memberEpoch, topics: asked }] });
  };
  await fetch('a fetches offsets', id('a'), 5);
  await fetch('a fetches with an old epoch', id('a'), 4);
  await fetch('an unknown member fetches', id('z'), 5);
  await fetch('an administrator fetches', null, -1);
  await fetch('a member fetches from a group that is not there', id('a'), 5, 'absent');
}

async function administration(c: Conversation): Promise<void> {
  const describe = (step: string, groupId: string) => {
    return c.ask(step, consumerGroupDescribe, 1, { groupIds: [groupId], includeAuthorizedOperations: false });
  };
  await describe('describes a consumer group', 'g');
  await describe('describes a classic group as a consumer group', 'simple');
  await describe('describes an absent consumer group', 'absent');
  for (const version of [5, 6]) {
    for (const group of ['g', 'absent']) {
      const draft = { groups: [group], includeAuthorizedOperations: false };
      await c.ask(`describes ${group} as a classic group by version ${version}`, describeGroups, version, draft);
    }
  }
  for (const typesFilter of [[], ['consumer'], ['Classic']]) {
    await c.ask(`lists groups of type ${typesFilter}`, listGroups, 5, { statesFilter: [], typesFilter });
  }
  await c.ask('lists groups by states', listGroups, 5, { statesFilter: ['stable', 'reconciling'], typesFilter: [] });
  await c.ask('deletes a group with members', deleteGroups, 2, { groupsNames: ['g', 'absent'] });
  const topicsOf = (names: string[]) => names.map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }));
  await c.ask('deletes offsets', offsetDelete, 0, { groupId: 'g', topics: topicsOf(['orders', 'absent']) });
  await c.ask('deletes offsets of an absent group', offsetDelete, 0, {
    groupId: 'absent',
    topics: topicsOf(['orders']),
  });
  await c.ask('deletes offsets of a simple group', offsetDelete, 0, {
    groupId: 'simple',
    topics: topicsOf(['orders']),
  });
  const member = { memberId: id('a'), groupInstanceId: null, reason: null };
  await c.ask('a member of the consumer protocol is removed by LeaveGroup', leaveGroup, 5, {
    groupId: 'g',
    members: [member],
  });
  await c.ask('a is gone', consumerGroupHeartbeat, 1, beat('g', 'a', 5));
  await c.ask('b sends a classic heartbeat', heartbeat, 4, { groupId: 'g', memberId: id('b'), generationId: 5 });
}

async function staticMembers(c: Conversation): Promise<void> {
  const say = (step: string, draft: Heartbeat) => c.ask(step, consumerGroupHeartbeat, 1, draft);
  const instance = { instanceId: 'i' };
  await say('a static member joins', join('s', 'a', instance));
  await say('another with its instance id joins', join('s', 'b', instance));
  await say('another with its instance id goes on', beat('s', 'b', 1, { ...instance, topicPartitions: [] }));
  await say('an instance that is not there', beat('s', 'a', 1, { instanceId: 'j', topicPartitions: [] }));
  await say('another leaves with its instance id', beat('s', 'b', -2, instance));
  await say('the static member leaves to come back', beat('s', 'a', -2, instance));
  await say('it sends a heartbeat after that', beat('s', 'a', 1, { ...instance, topicPartitions: [] }));
  const draft = { groupIds: ['s'], includeAuthorizedOperations: false };
  await c.ask('describes a group whose static member left', consumerGroupDescribe, 1, draft);
  await say('it comes back under another id', join('s', 'b', instance));
  await say('the one before is fenced', beat('s', 'a', 1, { ...instance, topicPartitions: [] }));
  await say('it leaves for good', beat('s', 'b', -1, instance));
  await say('a second static member joins', join('s', 'c', instance));
  const member = { memberId: '', groupInstanceId: 'i', reason: null };
  await c.ask('an administrator removes a static member', leaveGroup, 5, { groupId: 's', members: [member] });
  await say('the second static member is there or not', beat('s', 'c', -1, instance));
  await c.ask('deletes a group without members', deleteGroups, 2, { groupsNames: ['s'] });
}

async function topicChanges(c: Conversation): Promise<void> {
  const joined = await c.ask('joins to see topics change', consumerGroupHeartbeat, 1, join('t', 'a'));
  const grow = { name: 'orders', count: 6, assignments: null };
  await c.request(createPartitions, 3, { topics: [grow], timeoutMs: 10_000, validateOnly: false });
  const changed = await c.askUntil(
    'gets new partitions',
    consumerGroupHeartbeat,
    1,
    () => beat('t', 'a', joined.memberEpoch),
    (answer) => answer.assignment !== null,
  );
  await c.ask('leaves the changed topic', consumerGroupHeartbeat, 1, beat('t', 'a', -1));
  c.note('the epoch after a change of topics', changed.memberEpoch);
}

async function patterns(c: Conversation): Promise<void> {
  const pattern = { subscribedTopicNames: null, subscribedTopicRegex: 'orde.*|absent' };
  const joined = await c.request(consumerGroupHeartbeat, 1, join('p', 'a', pattern));
  let epoch = joined.memberEpoch;
  const count = (answer: HeartbeatAnswer): number => {
    epoch = answer.memberEpoch;
    return (answer.assignment?.topicPartitions ?? []).reduce((sum, topic) => sum + topic.partitions.length, 0);
  };
  const full = (): Heartbeat => ({ ...join('p', 'a', pattern), memberEpoch: epoch });
  const settled = await c.requestUntil(consumerGroupHeartbeat, 1, full, (answer) => count(answer) === 6);
  c.note('a pattern matches', settled.assignment);
  const draft = { groupIds: ['p'], includeAuthorizedOperations: false };
  const { groups } = await c.request(consumerGroupDescribe, 1, draft);
  c.note('describes a pattern', groups[0]?.members[0]?.subscribedTopicRegex);
  await c.ask('leaves the pattern', consumerGroupHeartbeat, 1, beat('p', 'a', -1));
}
