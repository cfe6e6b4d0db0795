/**
 * ConsumerGroupHeartbeat's rules (KIP-848): who becomes a member, what makes a new epoch, what a member is told to own.
 * They are those of Kafka 4.3's coordinator, down to the texts of refusals.
 */
import {
  type ConsumerGroupHeartbeatRequest,
  type consumerGroupHeartbeat,
  errorCodes,
  type ResponseDraft,
} from '@millrace/wire';
import type { Refusal } from '../../storage-failure.ts';
import type { Client } from '../group-member.ts';
import { type Assignment, isSameAssignment, isSubset, noPartitions, topicPartitionsOf } from './assignment.ts';
import type { ChangeDraft } from './change-draft.ts';
import { type ConsumerGroup, notStored } from './consumer-group.ts';
import { type ConsumerMember, leftAsStaticEpoch, leftEpoch, readsSame, sortedNames } from './consumer-member.ts';
import {
  blankMember,
  fencedInstance,
  fullGroup,
  newMemberId,
  staticMember,
  unknownInstance,
  unknownMember,
} from './find-member.ts';
import { TopicPattern, TopicPatternError } from './topic-pattern.ts';

export type HeartbeatAnswer = ResponseDraft<typeof consumerGroupHeartbeat>;

/** Whether the member may know that a topic exists, for topics that only a pattern names. */
export type TopicFilter = (topicName: string) => boolean;

/** The answer that tells of a refusal. */
export function refused({ errorCode, message }: { errorCode: number; message: string | null }): HeartbeatAnswer {
  return { errorCode, errorMessage: message, memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null };
}

/** A member joins, or tells that it lives and what it owns. In the group's turn. */
export function heartbeat(
  group: ConsumerGroup,
  request: ConsumerGroupHeartbeatRequest,
  client: Client,
  mayKnow: TopicFilter,
): HeartbeatAnswer | Promise<HeartbeatAnswer> {
  const found = findMember(group, request);
  if ('errorCode' in found) return refused(found);
  const pattern = patternOf(group, request.subscribedTopicRegex ?? found.member.topicPattern);
  if (pattern !== undefined && 'errorCode' in pattern) return refused(pattern);

  const draft = group.draft();
  const updated = updatedMember(found.member, request, client);
  if (found.replaced !== undefined) draft.replace(found.replaced, updated);
  else if (updated !== found.member || !group.state.members.has(updated.id)) draft.put(updated);
  decideTargets(group, draft, found.member, updated, pattern, mayKnow);
  const member = draft.reconcile(updated, request.topicPartitions);

  const answer = (isStored: boolean): HeartbeatAnswer => {
    if (!isStored) return refused(notStored);
    expectProgress(group, found.member, member);
    return heartbeatAnswer(group, request, found.member, member);
  };
  const stored = group.store(draft);
  return stored === undefined ? answer(true) : stored.then(answer);
}

/** A member leaves: for good, or as a static member that will be back. In the group's turn. */
export async function leave(group: ConsumerGroup, request: ConsumerGroupHeartbeatRequest): Promise<HeartbeatAnswer> {
  const { memberId, instanceId, memberEpoch } = request;
  const member = instanceId === null ? group.state.members.get(memberId) : staticMember(group, instanceId);
  if (member === undefined)
    return refused(instanceId === null ? unknownMember(group, memberId) : unknownInstance(instanceId));
  if (member.id !== memberId && instanceId !== null) return refused(fencedInstance(memberId, instanceId, member.id));
  const left: HeartbeatAnswer = { errorCode: errorCodes.NONE, memberId, memberEpoch, heartbeatIntervalMs: 0 };
  if (memberEpoch === leftEpoch || instanceId === null) {
    return (await group.fence([member.id])) ? left : refused(notStored);
  }
  const draft = group.draft();
  draft.put({ ...member, epoch: leftAsStaticEpoch, revoking: noPartitions });
  return (await group.store(draft)) === false ? refused(notStored) : left;
}

interface FoundMember {
  /** As it is, or as a new one begins. */
  readonly member: ConsumerMember;
  /** The static member whose place it takes. */
  readonly replaced?: ConsumerMember;
}

function findMember(group: ConsumerGroup, request: ConsumerGroupHeartbeatRequest): FoundMember | Refusal {
  const { memberEpoch, instanceId, topicPartitions } = request;
  const { members } = group.state;
  const joins = memberEpoch === 0;
  if (!members.has(request.memberId) && members.size >= group.environment.settings.consumerMembersMax) {
    return fullGroup(group);
  }
  const memberId = request.memberId === '' ? newMemberId(group) : request.memberId;
  const current = instanceId === null ? members.get(memberId) : staticMember(group, instanceId);
  if (instanceId === null || (joins && current === undefined)) {
    const member = members.get(memberId) ?? (joins ? blankMember(memberId, instanceId) : undefined);
    if (member === undefined) return unknownMember(group, memberId);
    const isNew = !members.has(memberId);
    return (isNew ? undefined : epochRefusal(member, memberEpoch, topicPartitions)) ?? { member };
  }
  if (current === undefined) return unknownInstance(instanceId);
  if (joins) return takePlace(current, memberId, instanceId);
  if (current.id !== memberId) return fencedInstance(memberId, instanceId, current.id);
  return epochRefusal(current, memberEpoch, topicPartitions) ?? { member: current };
}

/** A static member came back: it takes the place of the one that left, under a new id or the same. */
function takePlace(current: ConsumerMember, memberId: string, instanceId: string): FoundMember | Refusal {
  if (current.classic === null && current.epoch !== leftAsStaticEpoch) {
    return {
      errorCode: errorCodes.UNRELEASED_INSTANCE_ID,
      message:
        `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is ` +
        `owned by ${current.id} member.`,
    };
  }
  return { member: { ...current, id: memberId, epoch: 0, previousEpoch: 0 }, replaced: current };
}

/**
 * A member may join again, as one that lost its memory does, or come with the epoch before, if it owns nothing but what
 * it owns now: an answer got lost.
 */
function epochRefusal(
  member: ConsumerMember,
  received: number,
  owned: ConsumerGroupHeartbeatRequest['topicPartitions'],
): Refusal | undefined {
  if (received === 0 || received === member.epoch) return undefined;
  const isRepetition = received === member.previousEpoch && owned !== null && isSubset(owned, member.assigned);
  if (received < member.epoch && isRepetition) return undefined;
  const comparison = received > member.epoch ? 'greater' : 'smaller';
  return {
    errorCode: errorCodes.FENCED_MEMBER_EPOCH,
    message:
      `The consumer group member has a ${comparison} member epoch (${received}) than the one known by the group ` +
      `coordinator (${member.epoch}). The member must abandon all its partitions and rejoin.`,
  };
}

function patternOf(group: ConsumerGroup, text: string): TopicPattern | Refusal | undefined {
  if (text === '') return undefined;
  try {
    return group.knownPattern(text) ?? new TopicPattern(text);
  } catch (error) {
    if (!(error instanceof TopicPatternError)) throw error;
    return { errorCode: errorCodes.INVALID_REGULAR_EXPRESSION, message: error.message };
  }
}

/** What is null in a request stays as it was. */
function updatedMember(member: ConsumerMember, request: ConsumerGroupHeartbeatRequest, client: Client): ConsumerMember {
  const { subscribedTopicNames: names, rebalanceTimeoutMs } = request;
  return {
    ...member,
    rackId: request.rackId ?? member.rackId,
    clientId: client.clientId ?? '',
    clientHost: client.clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    serverAssignor: request.serverAssignor ?? member.serverAssignor,
    topicNames: names === null ? member.topicNames : sortedNames(names),
    topicPattern: request.subscribedTopicRegex ?? member.topicPattern,
    classic: null,
  };
}

/** Advances the epoch where subscriptions or topics changed, and decides what everybody should own then. */
function decideTargets(
  group: ConsumerGroup,
  draft: ChangeDraft,
  before: ConsumerMember,
  member: ConsumerMember,
  pattern: TopicPattern | undefined,
  mayKnow: TopicFilter,
): void {
  if (pattern !== undefined) group.resolvePattern(pattern, mayKnow, draft);
  const isUndecided = pattern !== undefined && pattern.text !== before.topicPattern && !draft.knows(pattern.text);
  const namesOnly = isUndecided ? { ...member, topicPattern: before.topicPattern } : member;
  if (draft.epoch === 0 || !readsSame(before, namesOnly)) draft.advance();
  group.noteTopics(draft);
  draft.assign(group.environment.settings.assignorNames);
}

function expectProgress(group: ConsumerGroup, before: ConsumerMember, member: ConsumerMember): void {
  group.hearOf(member);
  if (before.state === member.state && isSameAssignment(before.revoking, member.revoking)) return;
  if (member.state === 'unrevoked') group.expect(member.id, 'revocation', member.rebalanceTimeoutMs);
  else group.expectNoMore(member.id, 'revocation');
}

/** The assignment is told where it changed, and to a member that says everything about itself. */
function heartbeatAnswer(
  group: ConsumerGroup,
  request: ConsumerGroupHeartbeatRequest,
  before: ConsumerMember,
  member: ConsumerMember,
): HeartbeatAnswer {
  const { subscribedTopicNames, subscribedTopicRegex, rebalanceTimeoutMs, topicPartitions } = request;
  const isFull =
    rebalanceTimeoutMs !== -1 &&
    (subscribedTopicNames !== null || subscribedTopicRegex !== null) &&
    topicPartitions !== null;
  const isTold = request.memberEpoch === 0 || isFull || !isSameAssignment(before.assigned, member.assigned);
  return {
    errorCode: errorCodes.NONE,
    memberId: member.id,
    memberEpoch: member.epoch,
    heartbeatIntervalMs: group.environment.configurations.heartbeatIntervalMs(group.id),
    assignment: isTold ? assignmentAnswer(member.assigned) : null,
  };
}

function assignmentAnswer(assignment: Assignment): HeartbeatAnswer['assignment'] {
  return { topicPartitions: topicPartitionsOf(assignment) };
}
