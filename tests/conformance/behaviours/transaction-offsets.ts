/** Offsets that groups commit as part of transactions. */
import { offsetCommit, offsetDelete, offsetFetch } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import { errorName } from '../matrix/raw-connection.ts';
import { RawMember } from '../matrix/raw-member.ts';
import { RawTransaction } from '../matrix/raw-transaction.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const protocols = ['v1', 'v2'] as const;

async function prepare(place: Place, scope: Scope, protocol: 'v1' | 'v2') {
  const topic = await scope.createTopic();
  const group = scope.name('group');
  const one = await RawTransaction.ready(place, scope, protocol);
  const coordinator = await one.cluster.coordinator('group', group);
  /** The offset of partition 0 or the error, for who wants stable ones and for who does not. */
  const fetched = async () => {
    const asked = { groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes: [0] }] }] };
    const answers: unknown[] = [];
    for (const requireStable of [true, false]) {
      const [found] = (await coordinator.request(offsetFetch, 9, { ...asked, requireStable })).groups;
      const partition = found?.topics[0]?.partitions[0];
      answers.push(partition?.errorCode === 0 ? partition.committedOffset : errorName(partition?.errorCode));
    }
    return answers;
  };
  /** The same once no transaction is pending. */
  const stable = () => settled(fetched, ([first]) => first !== 'UNSTABLE_OFFSET_COMMIT');
  return { topic, group, one, coordinator, fetched, stable };
}

/** By whether the client adds partitions and groups itself. */
const pendingAndCommitted = {
  v1: {
    before: [-1, -1],
    sent: ['NONE', 'NONE'],
    pending: ['UNSTABLE_OFFSET_COMMIT', -1],
    aborted: ['NONE', [-1, -1]],
    'sent again': ['NONE', 'NONE'],
    committed: ['NONE', [6, 6]],
    'a third time': ['NONE', 'NONE'],
    'without a transaction meanwhile': ['NONE', ['UNSTABLE_OFFSET_COMMIT', 3]],
    'deleted meanwhile': ['NONE', [-1, -1]],
    'committed after that': ['NONE', [-1, -1]],
  },
  v2: {
    before: [-1, -1],
    sent: ['NONE'],
    pending: ['UNSTABLE_OFFSET_COMMIT', -1],
    aborted: ['NONE', [-1, -1]],
    'sent again': ['NONE'],
    committed: ['NONE', [6, 6]],
    'a third time': ['NONE'],
    'without a transaction meanwhile': ['NONE', ['UNSTABLE_OFFSET_COMMIT', 3]],
    'deleted meanwhile': ['NONE', [-1, -1]],
    'committed after that': ['NONE', [-1, -1]],
  },
};

/** What both are refused for. */
const refusalsOfBoth = {
  'adds by another producer id': 'INVALID_PRODUCER_ID_MAPPING',
  'adds by a later epoch': 'PRODUCER_FENCED',
  adds: 'NONE',
  'adds a group without name': 'NONE',
  'by another producer id': 'INVALID_PRODUCER_ID_MAPPING',
  'by a later epoch': 'INVALID_PRODUCER_EPOCH',
  'of an unknown member': 'ILLEGAL_GENERATION',
  'of a generation without member': 'ILLEGAL_GENERATION',
  'of nobody while there are members': 'NONE',
  'of a member': 'NONE',
  'of an older generation': 'ILLEGAL_GENERATION',
  'of another under the instance id': 'FENCED_INSTANCE_ID',
  'with too long a text': 'OFFSET_METADATA_TOO_LARGE',
  'of a partition that is not there': 'UNKNOWN_TOPIC_OR_PARTITION',
  'of a topic that is not there': 'UNKNOWN_TOPIC_OR_PARTITION',
  'of a group without name': 'INVALID_GROUP_ID',
  'the end': 'NONE',
};

/** By whether the client adds partitions and groups itself. */
const refusals = {
  v1: { 'a group that was not added': 'INVALID_TXN_STATE', ...refusalsOfBoth },
  v2: refusalsOfBoth,
};

export const transactionOffsets: readonly Behaviour[] = [
  ...protocols.map(
    (protocol) =>
      ({
        name: `the offsets of a transaction are its group's once it is committed, and pending until then (${protocol})`,
        apis: ['AddOffsetsToTxn', 'TxnOffsetCommit', 'OffsetFetch', 'OffsetCommit', 'OffsetDelete', 'EndTxn'],
        shows: pendingAndCommitted[protocol],
        by: {
          millrace: async (place, scope) => {
            const { topic, group, one, coordinator, fetched, stable } = await prepare(place, scope, protocol);
            const seen: Record<string, unknown> = { before: await fetched() };
            const begin = async (offset: number) => [
              ...(protocol === 'v1' ? [await one.addGroup(group)] : []),
              await one.commitOffset(group, topic, {}, { offset }),
            ];
            seen['sent'] = await begin(5);
            seen['pending'] = await fetched();
            seen['aborted'] = [await one.end('abort'), await stable()];
            seen['sent again'] = await begin(6);
            seen['committed'] = [await one.end('commit'), await stable()];
            seen['a third time'] = await begin(7);
            const partitions = [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }];
            const plain = await coordinator.request(offsetCommit, 9, {
              groupId: group,
              topics: [{ name: topic, partitions }],
            });
            seen['without a transaction meanwhile'] = [
              errorName(plain.topics[0]?.partitions[0]?.errorCode),
              await fetched(),
            ];
            const topics = [{ name: topic, partitions: [{ partitionIndex: 0 }] }];
            const deleted = await coordinator.request(offsetDelete, 0, { groupId: group, topics });
            seen['deleted meanwhile'] = [errorName(deleted.topics[0]?.partitions[0]?.errorCode), await fetched()];
            seen['committed after that'] = [await one.end('commit'), await stable()];
            return seen;
          },
        },
      }) satisfies Behaviour,
  ),
  ...protocols.map(
    (protocol) =>
      ({
        name: `offsets of a transaction must come from its producer and from a member of the group (${protocol})`,
        apis: ['AddOffsetsToTxn', 'TxnOffsetCommit'],
        shows: refusals[protocol],
        by: {
          millrace: async (place, scope) => {
            const { topic, group, one } = await prepare(place, scope, protocol);
            const { producerId, producerEpoch } = one.identity;
            const other = { producerId: producerId + 1_000_000 };
            const later = { producerEpoch: producerEpoch + 1 };
            const seen: Record<string, unknown> = {};
            if (protocol === 'v1') seen['a group that was not added'] = await one.commitOffset(group, topic);
            seen['adds by another producer id'] = await one.addGroup(group, other);
            seen['adds by a later epoch'] = await one.addGroup(group, later);
            seen['adds'] = await one.addGroup(group);
            seen['adds a group without name'] = await one.addGroup('');
            const say = async (step: string, ...rest: [Parameters<typeof one.commitOffset>[2], object?]) => {
              seen[step] = await one.commitOffset(group, topic, ...rest);
            };
            await say('by another producer id', other);
            await say('by a later epoch', later);
            await say('of an unknown member', { memberId: 'nobody', generationId: 1 });
            await say('of a generation without member', { generationId: 1 });
            const member = await RawMember.of(place, scope, group, 'instance');
            await member.enter();
            const { memberId, generationId } = member;
            await say('of nobody while there are members', {});
            await say('of a member', { memberId, generationId, groupInstanceId: 'instance' });
            await say('of an older generation', { memberId, generationId: 0 });
            await say('of another under the instance id', { memberId: 'x', generationId, groupInstanceId: 'instance' });
            await say('with too long a text', { memberId, generationId }, { metadata: 'x'.repeat(5_000) });
            await say('of a partition that is not there', { memberId, generationId }, { partition: 7 });
            seen['of a topic that is not there'] = await one.commitOffset(group, `${topic}-absent`, {
              memberId,
              generationId,
            });
            seen['of a group without name'] = await one.commitOffset('', topic);
            seen['the end'] = await one.end('abort');
            return seen;
          },
        },
      }) satisfies Behaviour,
  ),
];
