/** How a group's leader spreads partitions over members. Every member must offer the assignor that the group uses. */
import type { TopicPartition } from '../../topic.ts';

export interface AssignorMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly topics: readonly string[];
  /** What it says it owns, as of `generation`. */
  readonly owned: readonly TopicPartition[];
  /** -1 when it does not say. */
  readonly generation: number;
  /** What its assignor had to tell; null for nothing. */
  readonly userData?: Uint8Array | null | undefined;
}

/** Member id to partitions; every member is in it. */
export type GroupAssignment = Map<string, TopicPartition[]>;

export interface Assignor {
  /** As members know it by in the protocol. */
  readonly name: string;
  /** Members keep their partitions while they join again, and give up only those that move (KIP-429). */
  readonly isCooperative: boolean;
  /** `partitionCounts` has all topics that exist of those that members subscribed to. */
  assign(members: readonly AssignorMember[], partitionCounts: ReadonlyMap<string, number>): GroupAssignment;
  /** What this member tells whoever leads the group, asked for at each join. Default: nothing. */
  readonly userData?: (() => Uint8Array | null) | undefined;
  /**
   * What the members are told with their partitions, by member id, of what `assign` answered last. Default: nothing.
   */
  readonly assignmentData?: (() => ReadonlyMap<string, Uint8Array>) | undefined;
  /** Told what came with this member's partitions, before these are taken on; null for nothing. */
  readonly assigned?: ((data: Uint8Array | null) => void) | undefined;
}

/**
 * Members in the order in which Kafka's assignors serve them: by instance id where both have one, else by member id.
 */
export function inOrder(members: readonly AssignorMember[]): AssignorMember[] {
  return [...members].sort((left, right) => {
    const byInstance = left.instanceId !== null && right.instanceId !== null;
    if (left.instanceId !== null && right.instanceId === null) return -1;
    if (left.instanceId === null && right.instanceId !== null) return 1;
    const [a, b] = byInstance
      ? [left.instanceId as string, right.instanceId as string]
      : [left.memberId, right.memberId];
    return a < b ? -1 : a > b ? 1 : 0;
  });
}

/** Members of an assignment without partitions. */
export function emptyAssignment(members: readonly AssignorMember[]): GroupAssignment {
  return new Map(members.map(({ memberId }) => [memberId, []]));
}
