/**
 * How a group with members passes from the classic protocol to the consumer protocol and back (KIP-848): what the
 * members have stays theirs, and those that must do something about it are told to join again.
 */
import {
  type ConsumerAssignment,
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  WireError,
} from '@millrace/wire';
import type { ClassicGroup } from '../classic-group.ts';
import { type GroupMember, noBytes } from '../group-member.ts';
import type { GroupSettings } from '../group-settings.ts';
import type { StoredGeneration, StoredMember } from '../group-store.ts';
import type { TopicLookup } from '../topic-lookup.ts';
import { type Assignment, addPartitions, rowsOf } from './assignment.ts';
import type { ConsumerGroupState, GroupChange } from './consumer-group-state.ts';
import { type ConsumerMember, memberRow, sortedNames } from './consumer-member.ts';

/** Why a classic group with members can't become a consumer group; undefined when it can. */
export function upgradeRefusalOf(classic: ClassicGroup, settings: GroupSettings): string | undefined {
  const { migrationPolicy, consumerMembersMax } = settings;
  if (migrationPolicy !== 'bidirectional' && migrationPolicy !== 'upgrade') return 'online upgrade is disabled.';
  if (classic.protocolType !== 'consumer') return 'the group does not use the consumer embedded protocol.';
  if (classic.members.size > consumerMembersMax) return 'the group size exceeds the consumer group maximum size.';
  for (const { assignment } of classic.members.all()) {
    if (assignment.length === 0) continue;
    const userData = parsed(() => decodeConsumerAssignment(assignment))?.userData ?? noBytes;
    if (userData.length === 0) continue;
    return (
      'an unsupported custom assignor is in use. ' +
      'Please refer to the documentation or switch to a default assignor before re-attempting the upgrade.'
    );
  }
  return undefined;
}

/**
 * The consumer group that a classic one becomes: everybody owns what the generation gave it, and should own that. Why
 * not, as text, when a member does not say what it reads in the way consumers do.
 */
export function upgraded(classic: ClassicGroup, topics: TopicLookup): GroupChange | string {
  const { generation } = classic;
  const owned = new Set<string>();
  const members: ConsumerMember[] = [];
  for (const member of classic.members.all()) {
    const protocolName = classic.protocolName ?? member.facts.protocols[0]?.name ?? null;
    const subscription = parsed(() => decodeConsumerSubscription(member.metadata(protocolName)));
    if (subscription === undefined) return 'the embedded consumer protocol is malformed.';
    members.push({
      ...classicMember(member),
      rackId: subscription.rackId,
      topicNames: sortedNames(subscription.topics),
      epoch: generation,
      previousEpoch: generation,
      assigned: assignmentOfClassic(member.assignment, topics, owned),
    });
  }
  return {
    epoch: generation,
    targetEpoch: generation,
    members: members.map(memberRow),
    targets: members.map(({ id, assigned }) => [id, rowsOf(assigned)] as const),
  };
}

/** The classic group that a consumer group becomes, of these members, all of which speak the classic protocol. */
export function downgraded(
  state: ConsumerGroupState,
  members: readonly ConsumerMember[],
  topics: TopicLookup,
  now: number,
): StoredGeneration {
  const protocolName = sharedProtocol(members);
  return {
    generation: state.epoch,
    protocolType: 'consumer',
    protocolName,
    leaderId: members[0]?.id ?? null,
    since: now,
    members: members.map((member) => storedMember(member, protocolName, state.target(member.id), topics)),
  };
}

/** What a member is told in SyncGroup, in the form that classic consumers read. */
export function classicAssignment(assignment: Assignment, topics: TopicLookup): Uint8Array {
  const assignedPartitions: ConsumerAssignment['assignedPartitions'][number][] = [];
  for (const [topicId, partitions] of rowsOf(assignment)) {
    const topic = topics.byId(topicId);
    if (topic !== undefined) assignedPartitions.push({ topic: topic.name, partitions: [...partitions] });
  }
  return encodeConsumerAssignment({ assignedPartitions });
}

function classicMember(member: GroupMember): ConsumerMember {
  const { id, instanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols } = member.facts;
  return {
    id,
    instanceId,
    rackId: null,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    serverAssignor: null,
    topicNames: [],
    topicPattern: '',
    classic: {
      sessionTimeoutMs,
      protocols: protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata).toString('base64') })),
    },
    epoch: 0,
    previousEpoch: 0,
    state: 'stable',
    assigned: new Map(),
    revoking: new Map(),
  };
}

/** A classic leader may have given a partition to two members; here one of them has it. */
function assignmentOfClassic(bytes: Uint8Array, topics: TopicLookup, owned: Set<string>): Assignment {
  const assignment = new Map<string, Set<number>>();
  const parts = bytes.length === 0 ? [] : (parsed(() => decodeConsumerAssignment(bytes))?.assignedPartitions ?? []);
  for (const { topic: name, partitions } of parts) {
    const topic = topics.byName(name);
    if (topic === undefined) continue;
    for (const partition of partitions) {
      const key = `${topic.id}:${partition}`;
      if (owned.has(key)) continue;
      owned.add(key);
      addPartitions(assignment, topic.id, [partition]);
    }
  }
  return assignment;
}

/** The first protocol of the first member that all offer. */
function sharedProtocol(members: readonly ConsumerMember[]): string | null {
  const offered = (member: ConsumerMember): string[] => (member.classic?.protocols ?? []).map(({ name }) => name);
  const [first, ...others] = members;
  if (first === undefined) return null;
  return offered(first).find((name) => others.every((member) => offered(member).includes(name))) ?? null;
}

function storedMember(
  member: ConsumerMember,
  protocolName: string | null,
  target: Assignment,
  topics: TopicLookup,
): StoredMember {
  const { id, instanceId, clientId, clientHost, rebalanceTimeoutMs, classic } = member;
  const protocol = classic?.protocols.find(({ name }) => name === protocolName);
  const assignment = target.size === 0 ? noBytes : classicAssignment(target, topics);
  return {
    id,
    instanceId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    sessionTimeoutMs: classic?.sessionTimeoutMs ?? rebalanceTimeoutMs,
    metadata: protocol?.metadata ?? '',
    assignment: Buffer.from(assignment).toString('base64'),
  };
}

function parsed<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
