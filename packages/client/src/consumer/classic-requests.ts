/**
 * The requests of a member of a classic group, whatever its members share: each as one call that answers what matters
 * or throws a `KafkaError`. What members tell each other passes as bytes.
 */
import { errorCodes, heartbeat, type JoinGroupResponse, joinGroup, leaveGroup, syncGroup } from '@millrace/wire';
import { answerError } from '../authorization.ts';
import type { Connection } from '../connection/connection.ts';

/** What a group is to its members. */
export interface GroupTerms {
  readonly group: string;
  /** What its members share: `consumer`, `connect`, ... All members have the same. */
  readonly protocolType: string;
  /** Of a static member, whose place is kept for it when it comes back under this name (KIP-345). */
  readonly instanceId: string | null;
  /** Whether a member that is closed stays in the group until its session ends, so that it may come back. */
  readonly staysWhenClosed: boolean;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** How long the others wait for this member when all join again. */
  readonly rebalanceTimeoutMs: number;
  /** What to do when the others have no protocol of this member's. */
  readonly mismatchHint: string;
}

/** A member as its group knows it. */
export interface MemberIdentity {
  readonly memberId: string;
  readonly generationId: number;
}

/** A way to share that a member knows, and what it tells the leader for it. */
export interface GroupProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

export interface ClassicJoin {
  readonly terms: GroupTerms;
  readonly memberId: string;
  /** Told of the member's id as soon as it is known, so that it can leave even before it has joined. */
  readonly named: (memberId: string) => void;
  readonly protocols: readonly GroupProtocol[];
  readonly reason: string;
}

export interface JoinedGroup extends MemberIdentity {
  readonly protocol: string;
  readonly isLeader: boolean;
  /** The leader is to send no assignment: the old one still holds (a static member that came back). */
  readonly skipAssignment: boolean;
  /** All members, for the leader. */
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly metadata: Uint8Array;
  }[];
}

/** A broker answers when all members have joined, or the rebalance timeout is over: this is how much later at most. */
const joinSlackMs = 5_000;

/** Joins. An answer that gives a new member its id (KIP-394) is followed by joining with it. */
export async function join(connection: Connection, request: ClassicJoin): Promise<JoinedGroup> {
  const { terms, protocols, reason } = request;
  const ask = (memberId: string): Promise<JoinGroupResponse> =>
    connection.request(
      joinGroup,
      {
        groupId: terms.group,
        sessionTimeoutMs: terms.sessionTimeoutMs,
        rebalanceTimeoutMs: terms.rebalanceTimeoutMs,
        memberId,
        ...instanceOf(terms),
        protocolType: terms.protocolType,
        protocols,
        reason,
      },
      { timeoutMs: terms.rebalanceTimeoutMs + joinSlackMs },
    );
  let response = await ask(request.memberId);
  if (response.errorCode === errorCodes.MEMBER_ID_REQUIRED) {
    request.named(response.memberId);
    response = await ask(response.memberId);
  }
  throwIfError(response.errorCode, terms, `join group ${terms.group}`);
  request.named(response.memberId);
  return {
    memberId: response.memberId,
    generationId: response.generationId,
    protocol: response.protocolName ?? '',
    isLeader: response.leader === response.memberId,
    skipAssignment: response.skipAssignment,
    members: response.members.map(({ memberId, groupInstanceId, metadata }) => {
      return { memberId, instanceId: groupInstanceId, metadata };
    }),
  };
}

/** Hands in what each member gets (the leader's; empty of others) and answers this member's part. */
export async function sync(
  connection: Connection,
  terms: GroupTerms,
  joined: JoinedGroup,
  assignments: ReadonlyMap<string, Uint8Array>,
): Promise<Uint8Array> {
  const response = await connection.request(
    syncGroup,
    {
      groupId: terms.group,
      generationId: joined.generationId,
      memberId: joined.memberId,
      ...instanceOf(terms),
      protocolType: terms.protocolType,
      protocolName: joined.protocol,
      assignments: [...assignments].map(([memberId, assignment]) => ({ memberId, assignment })),
    },
    { timeoutMs: terms.rebalanceTimeoutMs + joinSlackMs },
  );
  throwIfError(response.errorCode, terms, `get the assignment of group ${terms.group}`);
  return response.assignment;
}

/** Tells the coordinator that the member lives. */
export async function beat(connection: Connection, terms: GroupTerms, member: MemberIdentity): Promise<void> {
  const { memberId, generationId } = member;
  const draft = { groupId: terms.group, generationId, memberId, ...instanceOf(terms) };
  const response = await connection.request(heartbeat, draft, { timeoutMs: terms.sessionTimeoutMs });
  throwIfError(response.errorCode, terms, `send a heartbeat to group ${terms.group}`);
}

/** Takes the member out of its group, so that the others need not wait for its session to end. */
export async function leave(
  connection: Connection,
  terms: GroupTerms,
  memberId: string,
  reason: string,
  timeoutMs: number,
): Promise<void> {
  const several = connection.version(leaveGroup) >= 3;
  const draft = several
    ? { groupId: terms.group, members: [{ memberId, ...instanceOf(terms), reason }] }
    : { groupId: terms.group, memberId };
  const response = await connection.request(leaveGroup, draft, { timeoutMs });
  const errorCode = response.errorCode || (response.members[0]?.errorCode ?? 0);
  throwIfError(errorCode, terms, `leave group ${terms.group}`);
}

/** Left out where it is null, for brokers that know no static members. */
function instanceOf({ instanceId }: GroupTerms): { readonly groupInstanceId?: string } {
  return instanceId === null ? {} : { groupInstanceId: instanceId };
}

function throwIfError(errorCode: number, terms: GroupTerms, action: string): void {
  if (errorCode === 0) return;
  const detail = errorCode === errorCodes.INCONSISTENT_GROUP_PROTOCOL ? terms.mismatchHint : undefined;
  throw answerError(errorCode, action, detail, { operation: 'read', resourceType: 'group', resourceName: terms.group });
}
