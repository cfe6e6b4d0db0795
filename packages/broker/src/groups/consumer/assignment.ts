/** Partitions by topic, as members of consumer groups own them. Values: nobody changes one once it is made. */

/** Partitions by topic id (Kafka's 22-character form); no topic has an empty set. */
export type Assignment = ReadonlyMap<string, ReadonlySet<number>>;

/** The form on the wire and, as pairs, in the journal. Partitions ascend. */
export interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

export type AssignmentRow = readonly [topicId: string, partitions: readonly number[]];

export const noPartitions: Assignment = new Map();

export function assignmentOf(rows: Iterable<AssignmentRow>): Assignment {
  const assignment = new Map<string, Set<number>>();
  for (const [topicId, partitions] of rows) addPartitions(assignment, topicId, partitions);
  return assignment;
}

export function rowsOf(assignment: Assignment): AssignmentRow[] {
  return [...assignment].map(([topicId, partitions]) => [topicId, [...partitions].sort((a, b) => a - b)]);
}

export function topicPartitionsOf(assignment: Assignment): TopicPartitions[] {
  return rowsOf(assignment).map(([topicId, partitions]) => ({ topicId, partitions }));
}

/** Puts partitions into an assignment that is still being made. */
export function addPartitions(
  assignment: Map<string, Set<number>>,
  topicId: string,
  partitions: Iterable<number>,
): void {
  let own = assignment.get(topicId);
  for (const partition of partitions) {
    if (own === undefined) {
      own = new Set();
      assignment.set(topicId, own);
    }
    own.add(partition);
  }
}

export function owns(assignment: Assignment, topicId: string, partition: number): boolean {
  return assignment.get(topicId)?.has(partition) ?? false;
}

export function* partitionsOf(assignment: Assignment): Iterable<readonly [topicId: string, partition: number]> {
  for (const [topicId, partitions] of assignment) for (const partition of partitions) yield [topicId, partition];
}

export function sizeOf(assignment: Assignment): number {
  let size = 0;
  for (const partitions of assignment.values()) size += partitions.size;
  return size;
}

/** The partitions for which `keeps` holds. */
export function filtered(assignment: Assignment, keeps: (topicId: string, partition: number) => boolean): Assignment {
  const kept = new Map<string, Set<number>>();
  for (const [topicId, partition] of partitionsOf(assignment)) {
    if (keeps(topicId, partition)) addPartitions(kept, topicId, [partition]);
  }
  return kept;
}

export function union(left: Assignment, right: Assignment): Assignment {
  if (left.size === 0) return right;
  if (right.size === 0) return left;
  const all = new Map<string, Set<number>>();
  for (const [topicId, partitions] of left) addPartitions(all, topicId, partitions);
  for (const [topicId, partitions] of right) addPartitions(all, topicId, partitions);
  return all;
}

export function isSubset(part: Iterable<TopicPartitions>, whole: Assignment): boolean {
  for (const { topicId, partitions } of part) {
    for (const partition of partitions) if (!owns(whole, topicId, partition)) return false;
  }
  return true;
}

export function isSameAssignment(left: Assignment, right: Assignment): boolean {
  if (left === right) return true;
  if (left.size !== right.size) return false;
  for (const [topicId, partitions] of left) {
    const others = right.get(topicId);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const partition of partitions) if (!others.has(partition)) return false;
  }
  return true;
}
