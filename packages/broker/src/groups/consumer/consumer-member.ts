/** A member of a consumer group (KIP-848), as a value, and the form in which it is stored. */
import { type Assignment, type AssignmentRow, assignmentOf, isSameAssignment, rowsOf } from './assignment.ts';

/**
 * How far a member has come: `stable` owns all its epoch gives it; `unrevoked` was told to give partitions up and has
 * not acknowledged that; `unreleased` waits for partitions that others have not given up.
 */
export type MemberState = 'stable' | 'unrevoked' | 'unreleased';

/** What a client of the classic protocol adds, while it is a member of a consumer group. */
export interface ClassicFacts {
  readonly sessionTimeoutMs: number;
  /** In order of preference; metadata is base64 text. */
  readonly protocols: readonly { readonly name: string; readonly metadata: string }[];
}

/** What a member says of itself. */
export interface ConsumerMemberFacts {
  readonly id: string;
  /** Set for a static member (KIP-345). */
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  /** The assignor it votes for, or null. */
  readonly serverAssignor: string | null;
  /** Ascending, each once. */
  readonly topicNames: readonly string[];
  /** A regular expression of topics it reads besides, in RE2's syntax; '' for none. */
  readonly topicPattern: string;
  /** Null for a member that speaks the consumer protocol. */
  readonly classic: ClassicFacts | null;
}

export interface ConsumerMember extends ConsumerMemberFacts {
  /** The epoch of the target that it was brought to; -2 for a static member that left to come back. */
  readonly epoch: number;
  /** The epoch before, with which it may come once more when an answer was lost. */
  readonly previousEpoch: number;
  readonly state: MemberState;
  readonly assigned: Assignment;
  /** What it was told to give up and may still read. */
  readonly revoking: Assignment;
}

/** A member in the journal. */
export interface MemberRow extends Omit<ConsumerMember, 'assigned' | 'revoking'> {
  readonly assigned: readonly AssignmentRow[];
  readonly revoking: readonly AssignmentRow[];
}

/** The epoch of a static member that left to come back. */
export const leftAsStaticEpoch = -2;
/** The epoch with which a member leaves for good. */
export const leftEpoch = -1;

export function memberRow(member: ConsumerMember): MemberRow {
  return { ...member, assigned: rowsOf(member.assigned), revoking: rowsOf(member.revoking) };
}

export function memberOf(row: MemberRow): ConsumerMember {
  return { ...row, assigned: assignmentOf(row.assigned), revoking: assignmentOf(row.revoking) };
}

/** Names as a member keeps them. */
export function sortedNames(names: Iterable<string>): string[] {
  return [...new Set(names)].sort();
}

/** Whether a restart could tell the two apart. */
export function isSameMember(left: ConsumerMember, right: ConsumerMember): boolean {
  return (
    left.id === right.id &&
    left.instanceId === right.instanceId &&
    left.rackId === right.rackId &&
    left.clientId === right.clientId &&
    left.clientHost === right.clientHost &&
    left.rebalanceTimeoutMs === right.rebalanceTimeoutMs &&
    left.serverAssignor === right.serverAssignor &&
    readsSame(left, right) &&
    isSameClassic(left.classic, right.classic) &&
    left.epoch === right.epoch &&
    left.previousEpoch === right.previousEpoch &&
    left.state === right.state &&
    isSameAssignment(left.assigned, right.assigned) &&
    isSameAssignment(left.revoking, right.revoking)
  );
}

/** Whether both subscribe to the same topics by the same names and pattern. */
export function readsSame(left: ConsumerMemberFacts, right: ConsumerMemberFacts): boolean {
  return left.topicPattern === right.topicPattern && isSameList(left.topicNames, right.topicNames);
}

function isSameClassic(left: ClassicFacts | null, right: ClassicFacts | null): boolean {
  if (left === null || right === null) return left === right;
  return (
    left.sessionTimeoutMs === right.sessionTimeoutMs &&
    isSameList(left.protocols, right.protocols, (one, other) => {
      return one.name === other.name && one.metadata === other.metadata;
    })
  );
}

function isSameList<T>(
  left: readonly T[],
  right: readonly T[],
  isSame = Object.is as (a: T, b: T) => boolean,
): boolean {
  return left.length === right.length && left.every((one, index) => isSame(one, right[index] as T));
}
