/**
 * JoinGroup's rules: who becomes a member, who takes over whose place, and what starts a rebalance (KIP-394, KIP-345,
 * KIP-814).
 */
import { assert, messageOf, randomUuidBytes } from '@millrace/base';
import { errorCodes, type JoinGroupRequest } from '@millrace/wire';
import { joinAnswer, joinError } from './answers.ts';
import type { ClassicGroup } from './classic-group.ts';
import { type Client, GroupMember, type JoinAnswer, type OfferedProtocol } from './group-member.ts';
import { storedGeneration } from './stored-generation.ts';

/** From this version on a new dynamic member gets its id first and joins with that. */
const memberIdRequiredVersion = 4;
/** From this version on a leader can be told that there is nothing to assign. */
const skipAssignmentVersion = 9;

type Answer = (answer: JoinAnswer) => void;

interface Join {
  readonly group: ClassicGroup;
  readonly request: JoinGroupRequest;
  readonly protocols: readonly OfferedProtocol[];
  readonly client: Client;
  readonly answer: Answer;
}

/** Lets a client join; `answer` is called exactly once, now or when the rebalance is done. */
export function joinGroup(group: ClassicGroup, request: JoinGroupRequest, client: Client, answer: Answer): void {
  const { memberId, groupInstanceId, protocolType } = request;
  if (!hasPlaceFor(group, memberId)) {
    group.removeMember(memberId);
    group.completeJoinWhenReady();
    return answer(joinError(errorCodes.GROUP_MAX_SIZE_REACHED, ''));
  }
  const names = request.protocols.map((protocol) => protocol.name);
  if (!group.supports(protocolType, names)) return answer(joinError(errorCodes.INCONSISTENT_GROUP_PROTOCOL, memberId));

  // Copies, because a view would keep the whole request alive.
  const protocols = request.protocols.map(({ name, metadata }) => ({ name, metadata: new Uint8Array(metadata) }));
  const join: Join = { group, request, protocols, client, answer };
  if (memberId !== '') return joinAgain(join);
  if (groupInstanceId !== null) return joinAsStatic(join, groupInstanceId);
  const newId = generateMemberId(group, client.clientId ?? '');
  if (client.apiVersion < memberIdRequiredVersion) return addMember(join, newId);
  group.expectPending(newId, request.sessionTimeoutMs);
  answer(joinError(errorCodes.MEMBER_ID_REQUIRED, newId));
}

/** Whether the group's bound on members lets this one in. Those who wait in a join count during a rebalance. */
function hasPlaceFor(group: ClassicGroup, memberId: string): boolean {
  const { membersMax } = group.environment.settings;
  const member = group.members.get(memberId);
  if (group.state === 'Empty') return true;
  if (group.state !== 'PreparingRebalance') return member !== undefined || group.members.size < membersMax;
  return member?.awaitsJoin === true || group.members.awaitingJoinCount < membersMax;
}

function addMember({ group, request, protocols, client, answer }: Join, id: string): void {
  const member = new GroupMember({
    id,
    instanceId: request.groupInstanceId,
    clientId: client.clientId ?? '',
    clientHost: client.clientHost,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    sessionTimeoutMs: request.sessionTimeoutMs,
    protocols,
  });
  member.awaitJoin(answer, joinError(errorCodes.REBALANCE_IN_PROGRESS, id));
  group.addMember(member, request.protocolType);
}

function joinAsStatic(join: Join, instanceId: string): void {
  const { group } = join;
  const newId = generateMemberId(group, instanceId);
  const currentId = group.members.idOfInstance(instanceId);
  const current = currentId === undefined ? undefined : group.members.get(currentId);
  if (current === undefined) addMember(join, newId);
  else replaceStatic(join, current, newId);
}

/** A static member came back under a new id. In a stable group nobody else needs to notice. */
function replaceStatic(join: Join, old: GroupMember, newId: string): void {
  const { group } = join;
  assert(group.state !== 'Empty' && group.state !== 'Dead', 'a group with a static member is neither empty nor dead');
  const leaderBefore = group.members.leaderId ?? '';
  const factsBefore = old.facts;
  const member = group.replaceStatic(old, newId);
  updateAndPark(join, member);
  if (group.state === 'CompletingRebalance') return group.prepareRebalance();
  if (group.state === 'PreparingRebalance') return group.completeJoinWhenReady();
  if (group.members.selectProtocol() !== group.protocolName) return group.rebalanceOrCompleteJoin();

  const { generation } = group;
  const stillStable = (): boolean => group.state === 'Stable' && group.generation === generation;
  group.environment.store.saveGeneration(group.id, storedGeneration(group)).then(
    () => {
      // A rebalance that began meanwhile answers the join itself.
      if (stillStable()) member.answerJoin(unchangedAssignment(join, member, leaderBefore));
    },
    (error: unknown) => {
      const message = `could not store that ${newId} replaces ${old.id} in group ${group.id}: ${messageOf(error)}`;
      group.environment.report({ level: 'error', message });
      if (!stillStable() || group.members.get(newId) !== member) return;
      member.answerJoin(joinError(errorCodes.COORDINATOR_NOT_AVAILABLE, ''));
      group.replaceStatic(member, old.id).update(factsBefore);
    },
  );
}

/**
 * Before version 9 a leader that came back must not think it leads, or it would compute an assignment that nobody
 * awaits.
 */
function unchangedAssignment({ group, client }: Join, member: GroupMember, leaderBefore: string): JoinAnswer {
  const answer = joinAnswer(group, member);
  if (client.apiVersion < skipAssignmentVersion) return { ...answer, leader: leaderBefore, members: [] };
  return { ...answer, skipAssignment: group.members.leads(member.id) };
}

function joinAgain(join: Join): void {
  const { group, request, protocols, answer } = join;
  const { memberId, groupInstanceId } = request;
  if (group.members.isPending(memberId) && groupInstanceId === null) return addMember(join, memberId);
  const error = group.members.errorOf(memberId, groupInstanceId);
  if (error !== errorCodes.NONE) return answer(joinError(error, memberId));
  const member = group.members.get(memberId);
  assert(member !== undefined, 'errorOf finds the member');

  const isUnchanged = member.matches(protocols);
  // In a stable group the leader's join asks for a rebalance, for example because a topic got partitions.
  const isRepetition =
    isUnchanged &&
    (group.state === 'CompletingRebalance' || (group.state === 'Stable' && !group.members.leads(memberId)));
  if (isRepetition) return answer(joinAnswer(group, member));
  updateAndPark(join, member);
  group.rebalanceOrCompleteJoin();
}

function updateAndPark({ request, protocols, answer }: Join, member: GroupMember): void {
  const { rebalanceTimeoutMs, sessionTimeoutMs } = request;
  member.update({ protocols, rebalanceTimeoutMs, sessionTimeoutMs });
  member.awaitJoin(answer, joinError(errorCodes.REBALANCE_IN_PROGRESS, member.id));
}

/** As Kafka's: readable, and new for each call. */
function generateMemberId(group: ClassicGroup, prefix: string): string {
  const hex = Buffer.from(randomUuidBytes(group.environment.platform.randomness)).toString('hex');
  return `${prefix}-${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`;
}
