/**
 * What members that speak the classic protocol are answered while their group is a consumer group (KIP-848): each joins
 * for itself, the coordinator assigns, and a heartbeat tells a member to join again when it has something to give up or
 * to get. There is no leader.
 */
import {
  type ConsumerSubscription,
  decodeConsumerSubscription,
  errorCodes,
  type HeartbeatRequest,
  type JoinGroupRequest,
  type LeaveGroupRequest,
  type leaveGroup,
  type ResponseDraft,
  type SyncGroupRequest,
  WireError,
} from '@millrace/wire';
import { joinError, syncError } from '../answers.ts';
import type { Client, JoinAnswer, SyncAnswer } from '../group-member.ts';
import { owns, partitionsOf, type TopicPartitions } from './assignment.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { type ConsumerMember, readsSame, sortedNames } from './consumer-member.ts';
import { blankMember, newMemberId, staticMember } from './find-member.ts';
import { classicAssignment } from './migration.ts';

type LeaveAnswer = NonNullable<ResponseDraft<typeof leaveGroup>['members']>;

/** From this version on a new dynamic member gets its id first and joins with that. */
const memberIdRequiredVersion = 4;

/** In the group's turn; the group is not empty. */
export async function joinAsClassic(
  group: ConsumerGroup,
  request: JoinGroupRequest,
  client: Client,
): Promise<JoinAnswer> {
  const { memberId, groupInstanceId, protocols } = request;
  const { members } = group.state;
  if (!members.has(memberId) && members.size >= group.environment.settings.consumerMembersMax) {
    return joinError(errorCodes.GROUP_MAX_SIZE_REACHED, '');
  }
  const subscription = subscriptionOf(protocols[0]?.metadata);
  if (subscription === undefined || !supports(group, request)) {
    return joinError(errorCodes.INCONSISTENT_GROUP_PROTOCOL, memberId);
  }
  if (memberId === '' && groupInstanceId === null && client.apiVersion >= memberIdRequiredVersion) {
    return joinError(errorCodes.MEMBER_ID_REQUIRED, newMemberId(group));
  }
  const found = findMember(group, memberId, groupInstanceId);
  if ('errorCode' in found) return joinError(found.errorCode, memberId);
  // It was fenced without noticing, and others may read by now what it thinks it owns: it has to begin anew.
  const isFenced = memberId !== '' && !members.has(memberId) && subscription.ownedPartitions.length > 0;
  if (isFenced) return joinError(errorCodes.UNKNOWN_MEMBER_ID, memberId);
  return storeJoin(group, found, request, client, subscription);
}

interface FoundMember {
  readonly member: ConsumerMember;
  readonly replaced?: ConsumerMember;
}

function findMember(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
): FoundMember | { readonly errorCode: number } {
  const id = memberId === '' ? newMemberId(group) : memberId;
  if (instanceId === null) return { member: group.state.members.get(id) ?? blankMember(id, null) };
  const current = staticMember(group, instanceId);
  if (memberId === '') {
    if (current === undefined) return { member: blankMember(id, instanceId) };
    return { member: { ...current, id, epoch: 0, previousEpoch: 0 }, replaced: current };
  }
  if (current === undefined) return { errorCode: errorCodes.UNKNOWN_MEMBER_ID };
  return current.id === memberId ? { member: current } : { errorCode: errorCodes.FENCED_INSTANCE_ID };
}

async function storeJoin(
  group: ConsumerGroup,
  { member: before, replaced }: FoundMember,
  request: JoinGroupRequest,
  client: Client,
  subscription: ConsumerSubscription,
): Promise<JoinAnswer> {
  const updated = joinedMember(before, request, client, subscription);
  const draft = group.draft();
  if (replaced === undefined) draft.put(updated);
  else draft.replace(replaced, updated);
  if (draft.epoch === 0 || !readsSame(before, updated)) draft.advance();
  group.noteTopics(draft);
  draft.assign(group.environment.settings.assignorNames);
  const member = draft.reconcile(updated, ownedPartitions(group, subscription));
  if ((await group.store(draft)) === false) return joinError(errorCodes.COORDINATOR_NOT_AVAILABLE, request.memberId);

  group.hearOf(member);
  group.expectNoMore(member.id, 'join');
  group.expect(member.id, 'sync', member.rebalanceTimeoutMs);
  // The last member of the consumer protocol may just have been replaced.
  if (replaced?.classic === null) await group.environment.downgrade(group, []);
  return {
    errorCode: errorCodes.NONE,
    generationId: member.epoch,
    protocolType: 'consumer',
    protocolName: request.protocols[0]?.name ?? null,
    leader: '',
    memberId: member.id,
    members: [],
  };
}

/** In the group's turn. */
export function syncAsClassic(group: ConsumerGroup, request: SyncGroupRequest): SyncAnswer {
  const { memberId, groupInstanceId, generationId, protocolType, protocolName } = request;
  const member = classicMember(group, memberId, groupInstanceId);
  if ('errorCode' in member) return syncError(member.errorCode);
  if (generationId !== member.epoch) return syncError(errorCodes.ILLEGAL_GENERATION);
  const ownProtocol = member.classic?.protocols[0]?.name ?? null;
  const isForeign =
    (protocolType !== null && protocolType !== 'consumer') || (protocolName !== null && protocolName !== ownProtocol);
  if (isForeign) return syncError(errorCodes.INCONSISTENT_GROUP_PROTOCOL);
  if (group.state.epoch > member.epoch && member.state !== 'unrevoked') {
    group.expectUnlessExpected(member.id, 'join', member.rebalanceTimeoutMs);
    return syncError(errorCodes.REBALANCE_IN_PROGRESS);
  }
  group.expectNoMore(member.id, 'sync');
  group.hearOf(member);
  const assignment = classicAssignment(member.assigned, group.environment.topics);
  return { errorCode: errorCodes.NONE, protocolType, protocolName, assignment };
}

/** Answers the error code. In the group's turn. */
export function heartbeatAsClassic(group: ConsumerGroup, request: HeartbeatRequest): number {
  const member = classicMember(group, request.memberId, request.groupInstanceId);
  if ('errorCode' in member) return member.errorCode;
  if (request.generationId !== member.epoch) return errorCodes.ILLEGAL_GENERATION;
  group.hearOf(member);
  if (!mustJoinAgain(group, member)) return errorCodes.NONE;
  group.expectUnlessExpected(member.id, 'join', member.rebalanceTimeoutMs);
  return errorCodes.REBALANCE_IN_PROGRESS;
}

/**
 * LeaveGroup takes out members of both protocols: administrators remove them so, static ones by their instance id
 * alone. In the group's turn.
 */
export async function leaveAsClassic(
  group: ConsumerGroup,
  leaving: readonly LeaveGroupRequest['members'][number][],
): Promise<LeaveAnswer> {
  const ids = new Set<string>();
  const answers = leaving.map(({ memberId, groupInstanceId }) => {
    const isNamedByInstance = memberId === '' && groupInstanceId !== null;
    const id = isNamedByInstance ? group.state.idOfInstance(groupInstanceId) : memberId;
    const member = memberNamed(group, id ?? '', groupInstanceId);
    if ('errorCode' in member) return { memberId, groupInstanceId, errorCode: member.errorCode };
    ids.add(member.id);
    return { memberId, groupInstanceId, errorCode: errorCodes.NONE };
  });
  if (ids.size === 0 || (await group.fence([...ids]))) return answers;
  return answers.map((answer) => ({ ...answer, errorCode: errorCodes.COORDINATOR_NOT_AVAILABLE }));
}

/** A member that has something to give up, or could have more than it has. */
function mustJoinAgain(group: ConsumerGroup, member: ConsumerMember): boolean {
  if (member.epoch < group.state.epoch || member.state === 'unrevoked') return true;
  return member.state === 'unreleased' && !waitsForOthers(group, member);
}

function waitsForOthers({ state }: ConsumerGroup, member: ConsumerMember): boolean {
  for (const [topicId, partition] of partitionsOf(state.target(member.id))) {
    if (owns(member.assigned, topicId, partition)) continue;
    if (state.ownerOf(topicId, partition) !== undefined) return true;
  }
  return false;
}

/** The member that a request names, which must speak the classic protocol. */
function classicMember(group: ConsumerGroup, memberId: string, instanceId: string | null): NamedMember {
  const member = memberNamed(group, memberId, instanceId);
  return 'errorCode' in member || member.classic !== null ? member : { errorCode: errorCodes.UNKNOWN_MEMBER_ID };
}

type NamedMember = ConsumerMember | { readonly errorCode: number };

function memberNamed(group: ConsumerGroup, memberId: string, instanceId: string | null): NamedMember {
  const member = instanceId === null ? group.state.members.get(memberId) : staticMember(group, instanceId);
  if (member === undefined) return { errorCode: errorCodes.UNKNOWN_MEMBER_ID };
  return member.id === memberId ? member : { errorCode: errorCodes.FENCED_INSTANCE_ID };
}

/** Whether one of the protocols is offered by every classic member. */
function supports(group: ConsumerGroup, { protocolType, protocols }: JoinGroupRequest): boolean {
  if (protocolType !== 'consumer') return false;
  const others = [...group.state.members.values()].flatMap(({ classic }) => (classic === null ? [] : [classic]));
  return protocols.some(({ name }) => others.every((other) => other.protocols.some((each) => each.name === name)));
}

function joinedMember(
  member: ConsumerMember,
  request: JoinGroupRequest,
  client: Client,
  subscription: ConsumerSubscription,
): ConsumerMember {
  const protocols = request.protocols.map(({ name, metadata }) => ({
    name,
    metadata: Buffer.from(metadata).toString('base64'),
  }));
  return {
    ...member,
    rackId: subscription.rackId ?? member.rackId,
    clientId: client.clientId ?? '',
    clientHost: client.clientHost,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    topicNames: sortedNames(subscription.topics),
    topicPattern: '',
    classic: { sessionTimeoutMs: request.sessionTimeoutMs, protocols },
  };
}

function subscriptionOf(metadata: Uint8Array | undefined): ConsumerSubscription | undefined {
  if (metadata === undefined) return undefined;
  try {
    return decodeConsumerSubscription(metadata);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/** What the member says it has not given up. */
function ownedPartitions(group: ConsumerGroup, { ownedPartitions }: ConsumerSubscription): TopicPartitions[] {
  return ownedPartitions.flatMap(({ topic: name, partitions }) => {
    const topic = group.environment.topics.byName(name);
    return topic === undefined ? [] : [{ topicId: topic.id, partitions }];
  });
}
