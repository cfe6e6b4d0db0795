/** What memberships of a group have in common, whatever the protocol: `GroupMembership`, `ConsumerMembership`. */
import type { TopicPartition } from '../topic.ts';
import type { CommittingMember } from './offset-committer.ts';

export interface Membership {
  /** As whom to commit. Its id is empty while it is no member. */
  readonly member: CommittingMember;
  /** Joins and stays a member, until `close` or an error that trying again can't cure. */
  start(): void;
  /** Has the members share their partitions anew; absent where they do not do it themselves. */
  shareAnew?(reason: string): void;
  /** Leaves the group. The host has given up its partitions before. */
  close(): Promise<void>;
}

export interface MembershipHost {
  readonly owned: () => TopicPartition[];
  /** Resolves when the loop is between two batches, with a function that lets it go on. */
  readonly hold: () => Promise<() => void>;
  /** Resolves when the loop asks for a batch. */
  readonly whenAsked: () => Promise<void>;
  /** How long the loop has not asked for a batch, in ms; 0 while it waits for one. */
  readonly awayMs: () => number;
  /** Gives up partitions that are still owned: tells the user, commits. The loop is held. */
  readonly revoke: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** Drops partitions that others may own already. The loop is held. */
  readonly lose: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** Takes partitions on. The loop is held. */
  readonly assign: (partitions: readonly TopicPartition[]) => Promise<void>;
  readonly failed: (error: Error) => void;
}

/** Leaving may hold up a consumer that closes for so long. */
export const leaveTimeoutMs = 5_000;

/** Does `work` while the loop is held between two batches. */
export async function whileHeld(host: MembershipHost, work: () => Promise<void>): Promise<void> {
  const release = await host.hold();
  try {
    await work();
  } finally {
    release();
  }
}

/** Those of `partitions` that are not among `others`. */
export function withoutPartitions(
  partitions: readonly TopicPartition[],
  others: readonly TopicPartition[],
): TopicPartition[] {
  const names = new Set(others.map(({ topic, partition }) => `${topic} ${partition}`));
  return partitions.filter(({ topic, partition }) => !names.has(`${topic} ${partition}`));
}
