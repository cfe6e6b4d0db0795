/**
 * Shares tasks over the members of a job's group: all partitions that a task reads go to one member, tasks stay where
 * they are as far as that leaves the members even, and what moves is given up before it is given away (KIP-429).
 *
 * Tasks with state weigh as those without: what costs is mostly the records.
 */
import type { Assignor, AssignorMember, GroupAssignment, TopicPartition } from '@millrace/client';

/** A task as it is shared: its id, and the partitions that it reads. */
export interface SharedTask {
  readonly id: string;
  readonly partitions: readonly TopicPartition[];
}

/** `tasksOf` answers the tasks that there are with so many partitions by topic. */
export function taskAssignor(tasksOf: (counts: ReadonlyMap<string, number>) => readonly SharedTask[]): Assignor {
  return {
    name: 'millrace-tasks',
    isCooperative: true,
    assign: (members, counts) => assignTasks(members, tasksOf(counts)),
  };
}

/** The assignment of the next generation: without what others have to give up first. */
export function assignTasks(members: readonly AssignorMember[], tasks: readonly SharedTask[]): GroupAssignment {
  const order = members.map(({ memberId }) => memberId).sort();
  const owners = currentOwners(members, tasks);
  const shares = balance(order, tasks, owners);
  const assignment: GroupAssignment = new Map(order.map((memberId) => [memberId, []]));
  for (const [memberId, share] of shares) {
    for (const task of share) {
      const owner = owners.get(task.id);
      // Whoever has any of it gives it up first.
      if (owner === undefined || owner === memberId) assignment.get(memberId)?.push(...task.partitions);
    }
  }
  return assignment;
}

/**
 * Who has a task, by its id; `nobody` where several have parts of it, or claim the same. A member that missed a
 * generation (the group was on its way to the next when it answered) still has what it had: given to another at once,
 * two would work on it, and both could commit.
 */
function currentOwners(members: readonly AssignorMember[], tasks: readonly SharedTask[]): Map<string, string> {
  const claims = new Map<string, { readonly owner: string; readonly generation: number }>();
  for (const { memberId, owned, generation } of members) {
    for (const place of owned) {
      const name = nameOf(place);
      const other = claims.get(name);
      if (other === undefined || other.generation < generation) claims.set(name, { owner: memberId, generation });
      else if (other.generation === generation) claims.set(name, { owner: nobody, generation });
    }
  }
  const owners = new Map<string, string>();
  for (const { id, partitions } of tasks) {
    const found = new Set(partitions.flatMap((place) => claims.get(nameOf(place))?.owner ?? []));
    if (found.size > 0) owners.set(id, found.size === 1 ? ([...found][0] as string) : nobody);
  }
  return owners;
}

/** Has a task that nobody may have before it was given up. */
const nobody = '';

function balance(
  order: readonly string[],
  tasks: readonly SharedTask[],
  owners: ReadonlyMap<string, string>,
): Map<string, SharedTask[]> {
  const shares = new Map<string, SharedTask[]>(order.map((memberId) => [memberId, []]));
  const most = Math.ceil(tasks.length / order.length);
  const homeless: SharedTask[] = [];
  for (const task of tasks) {
    const share = shares.get(owners.get(task.id) ?? nobody);
    if (share !== undefined && share.length < most) share.push(task);
    else homeless.push(task);
  }
  const byLoad = (): [string, SharedTask[]][] =>
    [...shares].sort((left, right) => left[1].length - right[1].length || (left[0] < right[0] ? -1 : 1));
  for (const task of homeless) byLoad()[0]?.[1].push(task);
  for (;;) {
    const sorted = byLoad();
    const [least, largest] = [sorted[0]?.[1], sorted.at(-1)?.[1]];
    if (least === undefined || largest === undefined || largest.length - least.length < 2) return shares;
    least.push(largest.pop() as SharedTask);
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}
