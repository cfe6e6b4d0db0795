/** What consumers of a classic group tell each other, as bytes: what each reads and owns, and what each gets. */
import {
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
} from '@millrace/wire';
import { byTopic } from '../offset-queries.ts';
import type { TopicPartition } from '../topic.ts';
import type { Assignor, AssignorMember, GroupAssignment } from './assignors/assignor.ts';
import type { GroupProtocol, GroupTerms, JoinedGroup } from './classic-requests.ts';
import type { GroupSettings } from './consumer-settings.ts';

/** What a consumer's group is to its members. */
export function consumerTerms(settings: GroupSettings): GroupTerms {
  const { group, instanceId, sessionTimeoutMs, heartbeatIntervalMs, batchTimeoutMs, assignors } = settings;
  const offered = assignors.map((each) => (typeof each === 'string' ? each : each.name)).join(', ');
  return {
    group,
    protocolType: 'consumer',
    instanceId,
    staysWhenClosed: instanceId !== null,
    sessionTimeoutMs,
    heartbeatIntervalMs,
    rebalanceTimeoutMs: batchTimeoutMs,
    mismatchHint: `this member offers ${offered}; give it an assignor that all members have, or another group`,
  };
}

export interface ConsumerOffer {
  readonly topics: readonly string[];
  readonly owned: readonly TopicPartition[];
  /** The generation in which `owned` was owned; -1 for none. */
  readonly generationId: number;
  readonly rack: string;
}

/** What a member tells the leader, by assignor. */
export function encodeOffers(assignors: readonly Assignor[], offer: ConsumerOffer): GroupProtocol[] {
  const { topics, owned, generationId, rack } = offer;
  return assignors.map(({ name, isCooperative, userData }) => ({
    name,
    metadata: encodeConsumerSubscription({
      topics: [...topics].sort(),
      userData: userData?.() ?? null,
      ownedPartitions: byTopic(isCooperative ? owned : [], ({ partition }) => partition).map(([topic, partitions]) => ({
        topic,
        partitions,
      })),
      generationId: isCooperative ? generationId : -1,
      rackId: rack === '' ? null : rack,
    }),
  }));
}

/** The members as an assignor takes them. Throws when one's metadata is none of a consumer's. */
export function assignorMembers({ members }: JoinedGroup): AssignorMember[] {
  return members.map(({ memberId, instanceId, metadata }) => {
    const { topics, ownedPartitions, generationId, userData } = decodeConsumerSubscription(metadata);
    const owned = ownedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    return { memberId, instanceId, topics, owned, generation: generationId, userData };
  });
}

/** `data`: what members are told besides, by member id. */
export function encodeAssignments(
  assignment: GroupAssignment,
  data?: ReadonlyMap<string, Uint8Array>,
): Map<string, Uint8Array> {
  const encoded = [...assignment].map(([memberId, partitions]) => {
    const assignedPartitions = byTopic(partitions, ({ partition }) => partition).map(([topic, parts]) => ({
      topic,
      partitions: parts,
    }));
    return [memberId, encodeConsumerAssignment({ assignedPartitions, userData: data?.get(memberId) ?? null })] as const;
  });
  return new Map(encoded);
}

export interface MemberAssignment {
  readonly partitions: readonly TopicPartition[];
  readonly userData: Uint8Array | null;
}

/** What a member got. Nothing at all where the leader did not think of it. */
export function decodeAssignment(assignment: Uint8Array): MemberAssignment {
  if (assignment.length === 0) return { partitions: [], userData: null };
  const { assignedPartitions, userData } = decodeConsumerAssignment(assignment);
  const partitions = assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
  return { partitions, userData };
}
