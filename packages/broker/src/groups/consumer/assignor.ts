/** What an assignor of consumer groups (KIP-848) is, and which there are. */
import type { Assignment } from './assignment.ts';
import { rangeAssignor } from './range-assignor.ts';
import { uniformAssignor } from './uniform-assignor.ts';

/** A member as assignors see it. */
export interface Subscriber {
  readonly id: string;
  readonly instanceId: string | null;
  /** Ids of existing topics, ascending, each once. */
  readonly topicIds: readonly string[];
  /** Its target so far; it may name topics and partitions that are gone. */
  readonly target: Assignment;
}

/**
 * Gives every partition of every subscribed topic to exactly one of its subscribers, and each subscriber an assignment,
 * if only an empty one. The same input gives the same output, whatever the order of subscribers. Racks play no part.
 */
export type Assignor = (
  subscribers: readonly Subscriber[],
  /** Number of partitions by topic id; holds every subscribed topic. */
  partitionCounts: ReadonlyMap<string, number>,
) => Map<string, Assignment>;

/** By the names that members choose them by. */
export const assignors: ReadonlyMap<string, Assignor> = new Map([
  ['uniform', uniformAssignor],
  ['range', rangeAssignor],
]);
