/** Who was seen to use a topic, and how that is known. */

/**
 * `group_assignment`: a member of the group has partitions of it. `committed_offset`: the group has committed offsets
 * of it, and nobody reads it just now. `transactional_id`: a producer with this id wrote to it. `producer_id`: a
 * producer wrote to it of which Kafka tells nothing but a number. `authorizer_log`: a broker let this principal.
 * `client_report`, `jmx`: somebody who knows said so.
 */
export const useSources = [
  'group_assignment',
  'committed_offset',
  'transactional_id',
  'producer_id',
  'authorizer_log',
  'client_report',
  'jmx',
] as const;

export type UseSource = (typeof useSources)[number];
export type UseRole = 'producer' | 'consumer';

export interface TopicUse {
  readonly cluster: string;
  readonly topic: string;
  readonly role: UseRole;
  readonly source: UseSource;
  /** Group, transactional id or principal; null where nobody knows who it is. */
  readonly name: string | null;
  /** Of producers without a name. */
  readonly producerId?: number | undefined;
  readonly clientIds: readonly string[];
  readonly hosts: readonly string[];
  /** Undefined where only the last time is known. */
  readonly firstAt?: Date | undefined;
  readonly lastAt: Date;
  /** Records that a group is behind on it. */
  readonly lag?: number | undefined;
}

/** What somebody outside of the inventory saw. */
export interface UseObservation {
  readonly cluster: string;
  readonly topic: string;
  readonly role: UseRole;
  readonly source: UseSource;
  readonly name: string;
  readonly hosts: readonly string[];
  readonly at: Date;
}
