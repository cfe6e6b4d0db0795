/** How far the state on disk is, task by task: what a member tells its group of itself. */
import type { OrderedStore } from '@millrace/store';
import type { SubTopology } from '../topology/plan.ts';
import { positionIn, spacePrefix } from './changelog-position.ts';

/** By task id the sum of its stores' positions, of the tasks that have any state here which can be gone on with. */
export function diskPositions(
  job: string,
  state: OrderedStore,
  subs: readonly SubTopology[],
  now: number,
): Map<string, number> {
  const owners = new Map(subs.flatMap(({ stores, index }) => stores.map(({ name }) => [name, index] as const)));
  const found = new Map<string, number>();
  const prefix = spacePrefix(job);
  for (const name of state.spaces()) {
    if (!name.startsWith(prefix)) continue;
    const [store = '', partition = ''] = name.slice(prefix.length).split('/');
    const owner = owners.get(store);
    const position = owner === undefined ? undefined : positionIn(state.space(name), now);
    if (position === undefined) continue;
    const id = `${owner}_${partition}`;
    found.set(id, (found.get(id) ?? 0) + position.offset);
  }
  return found;
}
