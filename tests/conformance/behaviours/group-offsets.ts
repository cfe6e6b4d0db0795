/** Offsets that groups commit, fetch and forget. */
import { offsetCommit, offsetDelete, offsetFetch, type RequestDraft } from '@millrace/wire';
import { millrace } from '../drivers/millrace.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import { partitionLines } from '../matrix/partition-lines.ts';
import type { Place } from '../matrix/place.ts';
import { errorName, RawCluster, type RawConnection } from '../matrix/raw-connection.ts';
import { protocol, RawMember } from '../matrix/raw-member.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

type CommitDraft = RequestDraft<typeof offsetCommit>;

/** An id that no topic has. */
const noTopicId = 'q83vEjRWeJCrze8SNFZ4kA';

/** What a commit of one offset is answered. */
async function commit(
  connection: RawConnection,
  topic: string,
  { offset = 5, partition = 0, metadata = '' as string | null, epoch = -1 },
  who: Partial<CommitDraft> & { readonly groupId: string },
): Promise<string> {
  const partitions = [
    { partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: epoch, committedMetadata: metadata },
  ];
  const answer = await connection.request(offsetCommit, 9, { topics: [{ name: topic, partitions }], ...who });
  return errorName(answer.topics[0]?.partitions[0]?.errorCode);
}

async function prepare(place: Place, scope: Scope, partitions = 2) {
  const topic = await scope.createTopic({ partitions });
  const group = scope.name('group');
  const cluster = new RawCluster(place, scope);
  return { topic, group, cluster, coordinator: await cluster.coordinator('group', group) };
}

export const groupOffsets: readonly Behaviour[] = [
  {
    name: 'who commits must be a member in its generation, or there must be no members at all',
    apis: ['OffsetCommit'],
    shows: {
      'an empty group id': 'NONE',
      'a member of a group that is not there': 'GROUP_ID_NOT_FOUND',
      'nobody, of a group that is not there': 'NONE',
      'a member before it knows what it is assigned': 'REBALANCE_IN_PROGRESS',
      'a member': 'NONE',
      'a member of an older generation': 'ILLEGAL_GENERATION',
      'a member of a later generation': 'ILLEGAL_GENERATION',
      'an unknown member': 'UNKNOWN_MEMBER_ID',
      'another under its instance id': 'FENCED_INSTANCE_ID',
      'under an instance id that nobody has': 'UNKNOWN_MEMBER_ID',
      'nobody while there are members': 'UNKNOWN_MEMBER_ID',
      'a member during a rebalance': 'NONE',
      'nobody once the members left': 'NONE',
    },
    by: {
      millrace: async (place, scope) => {
        const { topic, group, coordinator, cluster } = await prepare(place, scope);
        const seen: Record<string, unknown> = {};
        const say = async (step: string, changes: Partial<CommitDraft>, groupId = group) => {
          const connection = groupId === group ? coordinator : await cluster.coordinator('group', groupId);
          seen[step] = await commit(connection, topic, {}, { groupId, ...changes });
        };
        await say('an empty group id', {}, '');
        scope.defer(() => scope.admin.deleteGroups(['']));
        await say('a member of a group that is not there', { memberId: 'nobody', generationIdOrMemberEpoch: 1 });
        await say('nobody, of a group that is not there', {});
        const member = await RawMember.of(place, scope, group, 'instance');
        await member.join();
        const { memberId, generationId } = member;
        const asMember = { memberId, generationIdOrMemberEpoch: generationId, groupInstanceId: 'instance' };
        await say('a member before it knows what it is assigned', asMember);
        await member.sync([{ memberId, assignment: Uint8Array.of() }]);
        await say('a member', asMember);
        await say('a member of an older generation', { ...asMember, generationIdOrMemberEpoch: 0 });
        await say('a member of a later generation', { ...asMember, generationIdOrMemberEpoch: 5 });
        await say('an unknown member', { ...asMember, memberId: 'nobody', groupInstanceId: null });
        await say('another under its instance id', { ...asMember, memberId: 'nobody' });
        await say('under an instance id that nobody has', { ...asMember, groupInstanceId: 'nowhere' });
        await say('nobody while there are members', {});
        const other = await RawMember.of(place, scope, group);
        const joining = other.join();
        while ((await member.beat()) !== 'REBALANCE_IN_PROGRESS');
        await say('a member during a rebalance', asMember);
        await member.leave();
        await joining;
        await other.leave();
        await say('nobody once the members left', {});
        return seen;
      },
    },
  },
  {
    name: 'offsets are fetched as they were committed, with epoch and metadata, and -1 where there are none',
    apis: ['OffsetCommit', 'OffsetFetch'],
    shows: {
      committed: [
        'NONE',
        'NONE',
        'NONE',
        'OFFSET_METADATA_TOO_LARGE',
        'UNKNOWN_TOPIC_OR_PARTITION',
        'UNKNOWN_TOPIC_OR_PARTITION',
      ],
      'fetched by version 1': ['NONE', 'TOPIC 0 7 -1 "a note" NONE', 'TOPIC 1 5 -1 "" NONE', 'TOPIC 9 -1 -1 "" NONE'],
      'fetched by version 5': ['NONE', 'TOPIC 0 7 0 "a note" NONE', 'TOPIC 1 5 -1 "" NONE', 'TOPIC 9 -1 -1 "" NONE'],
      'fetched by version 7': ['NONE', 'TOPIC 0 7 0 "a note" NONE', 'TOPIC 1 5 -1 "" NONE', 'TOPIC 9 -1 -1 "" NONE'],
      'fetched by version 9, 0': [
        'NONE',
        'ABSENT 0 -1 -1 "" NONE',
        'TOPIC 0 7 0 "a note" NONE',
        'TOPIC 1 5 -1 "" NONE',
        'TOPIC 9 -1 -1 "" NONE',
      ],
      'fetched by version 9, 1': ['NONE', 'TOPIC 0 7 0 "a note" NONE', 'TOPIC 1 5 -1 "" NONE'],
      'fetched by version 9, 2': ['NONE', 'TOPIC 0 -1 -1 "" NONE', 'TOPIC 1 -1 -1 "" NONE', 'TOPIC 9 -1 -1 "" NONE'],
      'fetched by version 9, 3': ['NONE'],
    },
    by: {
      millrace: async (place, scope) => {
        const { topic, group, coordinator, cluster } = await prepare(place, scope);
        const names = { [topic]: 'TOPIC', [`${topic}-absent`]: 'ABSENT' };
        const who = { groupId: group };
        const seen: Record<string, unknown> = {};
        seen['committed'] = [
          await commit(coordinator, topic, { offset: 7, metadata: 'a note', epoch: 0 }, who),
          await commit(coordinator, topic, { offset: -1, partition: 1 }, who),
          await commit(coordinator, topic, { partition: 1, metadata: null }, who),
          await commit(coordinator, topic, { metadata: 'x'.repeat(4_097) }, who),
          await commit(coordinator, topic, { partition: 9 }, who),
          await commit(coordinator, `${topic}-absent`, {}, who),
        ];
        const asked = [{ name: topic, partitionIndexes: [0, 1, 9] }];
        for (const version of [1, 5, 7]) {
          const answer = await coordinator.request(offsetFetch, version, { groupId: group, topics: asked });
          seen[`fetched by version ${version}`] = [
            errorName(answer.errorCode),
            ...partitionLines(answer.topics, names),
          ];
        }
        const groups = [
          { groupId: group, topics: [...asked, { name: `${topic}-absent`, partitionIndexes: [0] }] },
          { groupId: group, topics: null },
          { groupId: `${group}-absent`, topics: asked },
          { groupId: group, topics: [] },
        ];
        for (const [at, each] of groups.entries()) {
          const there = at === 2 ? await cluster.coordinator('group', each.groupId) : coordinator;
          const [found] = (await there.request(offsetFetch, 9, { groups: [each] })).groups;
          seen[`fetched by version 9, ${at}`] = [errorName(found?.errorCode), ...partitionLines(found?.topics, names)];
        }
        return seen;
      },
    },
  },
  {
    name: 'offsets are committed and fetched by topic id, and an id that no topic has is told apart',
    apis: ['OffsetCommit', 'OffsetFetch'],
    shows: {
      committed: ['ID 0 NONE', 'ID 9 UNKNOWN_TOPIC_OR_PARTITION', 'NO ID 0 UNKNOWN_TOPIC_ID'],
      fetched: [
        'ID 0 3 -1 "" NONE',
        'ID 1 -1 -1 "" NONE',
        'NO ID 0 -1 -1 "" UNKNOWN_TOPIC_ID',
        'NO ID 1 -1 -1 "" UNKNOWN_TOPIC_ID',
      ],
      all: ['ID 0 3 -1 "" NONE'],
    },
    by: {
      millrace: async (place, scope) => {
        const { topic, group, coordinator, cluster } = await prepare(place, scope);
        const topicId = await cluster.topicId(topic);
        const names = { [topicId]: 'ID', [noTopicId]: 'NO ID', [topic]: 'TOPIC' };
        const offset = (partitionIndex: number) => ({ partitionIndex, committedOffset: 3, committedMetadata: '' });
        const committed = await coordinator.request(offsetCommit, 10, {
          groupId: group,
          topics: [
            { topicId, partitions: [offset(0), offset(9)] },
            { topicId: noTopicId, partitions: [offset(0)] },
          ],
        });
        const topics = [topicId, noTopicId].map((each) => ({ topicId: each, partitionIndexes: [0, 1] }));
        const fetched = await coordinator.request(offsetFetch, 10, { groups: [{ groupId: group, topics }] });
        const all = await coordinator.request(offsetFetch, 10, { groups: [{ groupId: group, topics: null }] });
        return {
          committed: partitionLines(committed.topics, names),
          fetched: partitionLines(fetched.groups[0]?.topics, names),
          all: partitionLines(all.groups[0]?.topics, names),
        };
      },
    },
  },
  {
    name: 'offsets of topics that a group does not read are deleted, those that it reads are not',
    apis: ['OffsetDelete'],
    shows: {
      'an empty group id': ['INVALID_GROUP_ID'],
      'an absent group': ['GROUP_ID_NOT_FOUND'],
      'with a reader': [
        'NONE',
        'OTHER 0 NONE',
        'OTHER 1 UNKNOWN_TOPIC_OR_PARTITION',
        'OTHER 9 UNKNOWN_TOPIC_OR_PARTITION',
        'TOPIC 0 GROUP_SUBSCRIBED_TO_TOPIC',
        'TOPIC 1 GROUP_SUBSCRIBED_TO_TOPIC',
        'TOPIC 9 UNKNOWN_TOPIC_OR_PARTITION',
      ],
      'an absent topic': ['NONE', 'ABSENT 0 UNKNOWN_TOPIC_OR_PARTITION'],
      'without members': ['NONE', 'TOPIC 0 NONE'],
      left: [],
    },
    by: {
      millrace: async (place, scope) => {
        const { topic, group, coordinator } = await prepare(place, scope);
        const other = await scope.createTopic({ topic: scope.name('other') });
        const names = { [topic]: 'TOPIC', [`${topic}-absent`]: 'ABSENT', [other]: 'OTHER' };
        const member = await RawMember.of(place, scope, group);
        const request = async (topics: string[], partitions = [0], groupId = group) => {
          const answer = await coordinator.request(offsetDelete, 0, {
            groupId,
            topics: topics.map((name) => ({
              name,
              partitions: partitions.map((partitionIndex) => ({ partitionIndex })),
            })),
          });
          return [errorName(answer.errorCode), ...partitionLines(answer.topics, names)];
        };
        const seen: Record<string, unknown> = {
          'an empty group id': await request([topic], [0], ''),
          'an absent group': await request([topic]),
        };
        await commit(coordinator, topic, {}, { groupId: group });
        await commit(coordinator, other, {}, { groupId: group });
        await member.enter(undefined, { protocols: [protocol('range', [topic])] });
        seen['with a reader'] = await request([topic, other], [0, 1, 9]);
        seen['an absent topic'] = await request([`${topic}-absent`]);
        await member.leave();
        seen['without members'] = await request([topic]);
        const fetched = await coordinator.request(offsetFetch, 9, { groups: [{ groupId: group, topics: null }] });
        seen['left'] = fetched.groups[0]?.topics;
        return seen;
      },
    },
  },
  {
    name: 'a group that reads by no protocol of consumers keeps its offsets until it is empty',
    apis: ['OffsetDelete'],
    shows: [['NON_EMPTY_GROUP'], ['NONE', 'TOPIC 0 NONE']],
    by: {
      millrace: async (place, scope) => {
        const { topic, group, coordinator } = await prepare(place, scope);
        await commit(coordinator, topic, {}, { groupId: group });
        const member = await RawMember.of(place, scope, group);
        await member.enter(undefined, {
          protocolType: 'connect',
          protocols: [{ name: 'x', metadata: Uint8Array.of() }],
        });
        const topics = [{ name: topic, partitions: [{ partitionIndex: 0 }] }];
        const joined = await coordinator.request(offsetDelete, 0, { groupId: group, topics });
        await member.leave();
        const left = await coordinator.request(offsetDelete, 0, { groupId: group, topics });
        return [joined, left].map(({ errorCode, topics: answered }) => [
          errorName(errorCode),
          ...partitionLines(answered, { [topic]: 'TOPIC' }),
        ]);
      },
    },
  },
  {
    name: 'an offset whose time is over is gone, and a group that has nothing else',
    apis: ['OffsetCommit', 'OffsetFetch', 'DescribeGroups'],
    // Its brokers look often.
    profile: 'moves',
    shows: { committed: 'NONE', fetched: -1, group: 'GROUP_ID_NOT_FOUND' },
    by: {
      millrace: async (place, scope) => {
        const { topic, group, coordinator } = await prepare(place, scope);
        const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: '' }];
        // Only old versions say how long an offset is kept.
        const draft = { groupId: group, retentionTimeMs: 1, topics: [{ name: topic, partitions }] };
        const committed = await coordinator.request(offsetCommit, 4, draft);
        const groups = [{ groupId: group, topics: [{ name: topic, partitionIndexes: [0] }] }];
        const fetched = await settled(
          async () => (await coordinator.request(offsetFetch, 9, { groups })).groups[0]?.topics[0]?.partitions[0],
          (each) => each?.committedOffset === -1,
        );
        const [described] = await settled(
          () => scope.admin.describeGroups([group]),
          ([each]) => each?.error !== undefined,
        );
        return {
          committed: errorName(committed.topics[0]?.partitions[0]?.errorCode),
          fetched: fetched?.committedOffset,
          group: described?.error === undefined ? described?.state : millrace.errorName(described.error),
        };
      },
    },
  },
];
