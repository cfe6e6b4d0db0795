/** How far the state on disk is, task by task: what a member tells its group of itself. */
import type { OrderedStore } from '@millrace/store';
import { type SubTopology, taskId } from '../topology/plan.ts';
import { positionIn, spacePrefix } from './changelog-position.ts';

/** By task id the sum of its stores' positions, of the tasks that have any state here which can be gone on with. */
export function diskPositions(
  job: string,
  state: OrderedStore,
  subs: readonly SubTopology[],
  now: number,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const name of state.spaces()) {
    const task = taskOfSpace(job, subs, name);
    const position = task === undefined ? undefined : positionIn(state.space(name), now);
    if (task !== undefined && position !== undefined) found.set(task, (found.get(task) ?? 0) + position.offset);
  }
  return found;
}

/** The id of the task whose state a space has; undefined where it is none of the topology's. */
export function taskOfSpace(job: string, subs: readonly SubTopology[], name: string): string | undefined {
  if (!name.startsWith(spacePrefix(job))) return undefined;
  const [store, partition] = name.slice(spacePrefix(job).length).split('/');
  const sub = subs.find(({ stores }) => stores.some((each) => each.name === store));
  return sub === undefined ? undefined : taskId(sub, Number(partition));
}
