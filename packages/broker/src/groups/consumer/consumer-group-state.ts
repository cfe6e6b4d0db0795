/**
 * What a consumer group (KIP-848) is: its epochs, members, what each should own (the target) and what each owns. It
 * changes only by whole changes that the journal holds, each of which leads from one sound state to the next.
 *
 * Invariants
 * - A partition is owned by at most one member: assigned to it, or told to be given up and not yet acknowledged.
 * - The epochs of the group and of its target never go back, and the target's is at most the group's.
 * - Targets are those of members; at most one member has a given instance id.
 */
import { assert } from '@millrace/base';
import {
  type Assignment,
  type AssignmentRow,
  assignmentOf,
  isSameAssignment,
  noPartitions,
  partitionsOf,
  rowsOf,
} from './assignment.ts';
import { type ConsumerMember, type MemberRow, memberOf, memberRow } from './consumer-member.ts';

/** A step from one state to the next; a plain value that survives JSON. What is absent stays. */
export interface GroupChange {
  readonly epoch?: number | undefined;
  /** The epoch that the targets of this change make complete. */
  readonly targetEpoch?: number | undefined;
  /** A digest of the subscribed topics and their sizes. */
  readonly topicsSeen?: string | undefined;
  /** Topics that a pattern was found to match, ascending. */
  readonly patterns?: readonly (readonly [pattern: string, topicNames: readonly string[]])[] | undefined;
  readonly removed?: readonly string[] | undefined;
  /** New members and changed ones. */
  readonly members?: readonly MemberRow[] | undefined;
  readonly targets?: readonly (readonly [memberId: string, rows: readonly AssignmentRow[]])[] | undefined;
}

/** The states of a consumer group by Kafka's names. */
export type ConsumerGroupPhase = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable';

export class ConsumerGroupState {
  #epoch = 0;
  #targetEpoch = 0;
  #topicsSeen = '';
  readonly #patterns = new Map<string, readonly string[]>();
  readonly #members = new Map<string, ConsumerMember>();
  readonly #targets = new Map<string, Assignment>();
  readonly #idByInstance = new Map<string, string>();
  /** Member ids by topic id and partition. */
  readonly #owners = new Map<string, Map<number, string>>();

  get epoch(): number {
    return this.#epoch;
  }

  get targetEpoch(): number {
    return this.#targetEpoch;
  }

  get topicsSeen(): string {
    return this.#topicsSeen;
  }

  get members(): ReadonlyMap<string, ConsumerMember> {
    return this.#members;
  }

  get targets(): ReadonlyMap<string, Assignment> {
    return this.#targets;
  }

  /** Names that each pattern in use matches; a pattern that is not there has not been resolved yet. */
  get patterns(): ReadonlyMap<string, readonly string[]> {
    return this.#patterns;
  }

  get phase(): ConsumerGroupPhase {
    if (this.#members.size === 0) return 'Empty';
    if (this.#epoch > this.#targetEpoch) return 'Assigning';
    for (const member of this.#members.values()) {
      if (member.state !== 'stable' || member.epoch !== this.#targetEpoch) return 'Reconciling';
    }
    return 'Stable';
  }

  target(memberId: string): Assignment {
    return this.#targets.get(memberId) ?? noPartitions;
  }

  idOfInstance(instanceId: string): string | undefined {
    return this.#idByInstance.get(instanceId);
  }

  /** The id of the member that may be reading a partition. */
  ownerOf(topicId: string, partition: number): string | undefined {
    return this.#owners.get(topicId)?.get(partition);
  }

  /** Names of the topics that a member reads. */
  *topicNamesOf(member: ConsumerMember): Iterable<string> {
    yield* member.topicNames;
    if (member.topicPattern !== '') yield* this.#patterns.get(member.topicPattern) ?? [];
  }

  subscribes(topicName: string): boolean {
    for (const member of this.#members.values()) {
      if (member.topicNames.includes(topicName)) return true;
    }
    for (const names of this.#patterns.values()) if (names.includes(topicName)) return true;
    return false;
  }

  apply(change: GroupChange): void {
    const { epoch = this.#epoch, targetEpoch = this.#targetEpoch } = change;
    assert(epoch >= this.#epoch && targetEpoch >= this.#targetEpoch, 'epochs of a group do not go back');
    assert(targetEpoch <= epoch, 'a target is not ahead of its group');
    this.#epoch = epoch;
    this.#targetEpoch = targetEpoch;
    this.#topicsSeen = change.topicsSeen ?? this.#topicsSeen;
    const { removed = [], members = [], targets = [], patterns = [] } = change;
    for (const id of removed) this.#remove(id);
    // All let go before any takes: within a change a partition may pass from one to the other.
    for (const row of members) this.#release(row.id);
    for (const row of members) this.#put(memberOf(row));
    for (const [memberId, rows] of targets) {
      assert(this.#members.has(memberId), `a target is that of a member, and ${memberId} is none`);
      this.#targets.set(memberId, assignmentOf(rows));
    }
    for (const [pattern, names] of patterns) this.#patterns.set(pattern, names);
    if (this.#patterns.size > 0) this.#dropUnusedPatterns();
  }

  /** The change that makes this state out of an empty one. */
  snapshot(): GroupChange {
    return {
      epoch: this.#epoch,
      targetEpoch: this.#targetEpoch,
      topicsSeen: this.#topicsSeen,
      patterns: [...this.#patterns],
      members: [...this.#members.values()].map(memberRow),
      targets: [...this.#targets].map(([memberId, target]) => [memberId, rowsOf(target)] as const),
    };
  }

  #put(member: ConsumerMember): void {
    const { id, instanceId } = member;
    this.#members.set(id, member);
    if (instanceId !== null) {
      const other = this.#idByInstance.get(instanceId) ?? id;
      assert(other === id, `instance ${instanceId} belongs to ${other}`);
      this.#idByInstance.set(instanceId, id);
    }
    this.#claim(id, member.assigned);
    this.#claim(id, member.revoking);
  }

  #remove(id: string): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#release(id);
    this.#members.delete(id);
    this.#targets.delete(id);
    if (member.instanceId !== null) this.#idByInstance.delete(member.instanceId);
  }

  #claim(id: string, assignment: Assignment): void {
    for (const [topicId, partition] of partitionsOf(assignment)) {
      let partitions = this.#owners.get(topicId);
      if (partitions === undefined) {
        partitions = new Map();
        this.#owners.set(topicId, partitions);
      }
      const owner = partitions.get(partition) ?? id;
      assert(owner === id, `partition ${partition} of ${topicId} is owned by ${owner}, not free for ${id}`);
      partitions.set(partition, id);
    }
  }

  #release(id: string): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    for (const assignment of [member.assigned, member.revoking]) {
      for (const [topicId, partition] of partitionsOf(assignment)) {
        const partitions = this.#owners.get(topicId);
        partitions?.delete(partition);
        if (partitions?.size === 0) this.#owners.delete(topicId);
      }
    }
  }

  #dropUnusedPatterns(): void {
    const used = new Set<string>();
    for (const { topicPattern } of this.#members.values()) used.add(topicPattern);
    for (const pattern of this.#patterns.keys()) if (!used.has(pattern)) this.#patterns.delete(pattern);
  }
}

/** What a change of targets has to hold: those that differ from the state's. */
export function changedTargets(
  state: ConsumerGroupState,
  targets: ReadonlyMap<string, Assignment>,
): (readonly [string, AssignmentRow[]])[] {
  const changed: (readonly [string, AssignmentRow[]])[] = [];
  for (const [memberId, target] of targets) {
    const before = state.targets.get(memberId);
    if (before === undefined || !isSameAssignment(before, target)) changed.push([memberId, rowsOf(target)]);
  }
  return changed;
}
