/**
 * Who follows the changelogs of which tasks: besides the member that runs a task as many others as there are to be
 * copies, those first that have some of its state, and nobody much more than others.
 */
import type { GroupView } from './share-tasks.ts';
import type { SharedTask } from './shared-task.ts';

export interface StandbyPlan {
  readonly view: GroupView;
  readonly tasks: readonly SharedTask[];
  /** Who runs each task, by its id. */
  readonly runners: ReadonlyMap<string, string>;
  /** Tasks that members warm up, by member id: copies that are there besides. */
  readonly warmups: ReadonlyMap<string, readonly string[]>;
  /** Wanted of each task. */
  readonly copies: number;
}

/** Task ids by member id, those to warm up among them. */
export function placeStandbys({ view, tasks, runners, warmups, copies }: StandbyPlan): Map<string, string[]> {
  const placed = new Map(view.order.map((memberId) => [memberId, [...(warmups.get(memberId) ?? [])]]));
  const load = (memberId: string): number => placed.get(memberId)?.length ?? 0;
  const stateful = tasks.filter(({ isStateful }) => isStateful);
  const most = Math.ceil((stateful.length * copies) / view.order.length) + Math.max(0, ...view.order.map(load));
  const left = new Map<SharedTask, number>();
  const openFor = ({ id }: SharedTask): string[] =>
    view.order.filter((memberId) => runners.get(id) !== memberId && !placed.get(memberId)?.includes(id));
  for (const task of stateful) {
    const position = (memberId: string): number => view.positionOf(memberId, task) ?? -1;
    const known = openFor(task)
      .filter((memberId) => position(memberId) >= 0 && load(memberId) < most)
      .sort((one, other) => position(other) - position(one))
      .slice(0, copies);
    for (const memberId of known) placed.get(memberId)?.push(task.id);
    left.set(task, copies - known.length);
  }
  for (const [task, count] of left) {
    const chosen = openFor(task)
      .sort((one, other) => load(one) - load(other))
      .slice(0, count);
    for (const memberId of chosen) placed.get(memberId)?.push(task.id);
  }
  return placed;
}
