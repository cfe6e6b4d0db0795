/**
 * Deletes state that a process has of tasks which went elsewhere, and of stores that the topology has no more, once it
 * was of no use for long enough: until then a task that comes back finds it.
 */
import type { OrderedStore } from '@millrace/store';
import type { SubTopology } from '../topology/plan.ts';
import { spacePrefix } from './changelog-position.ts';
import { taskOfSpace } from './disk-positions.ts';

export interface StateSweepOptions {
  readonly job: string;
  readonly state: OrderedStore;
  readonly subs: readonly SubTopology[];
  /** State stays for so long after its last use, in ms. */
  readonly keptMs: number;
  /** In ms. */
  readonly monotonic: () => number;
}

export class StateSweep {
  readonly #options: StateSweepOptions;
  /** Since when spaces are of no use, by name. */
  readonly #unused = new Map<string, number>();

  constructor(options: StateSweepOptions) {
    this.#options = options;
  }

  /** Deletes what is due. Nothing else may be written meanwhile to spaces of tasks that are not in `used`. */
  async run(used: ReadonlySet<string>): Promise<void> {
    const { job, state, subs, keptMs, monotonic } = this.#options;
    const batch = state.batch();
    for (const name of state.spaces()) {
      if (!name.startsWith(spacePrefix(job))) continue;
      const task = taskOfSpace(job, subs, name);
      if (task !== undefined && used.has(task)) {
        this.#unused.delete(name);
        continue;
      }
      const since = this.#unused.get(name) ?? monotonic();
      this.#unused.set(name, since);
      if (monotonic() - since < keptMs) continue;
      batch.deleteRange(state.space(name));
      this.#unused.delete(name);
    }
    if (batch.length > 0) await state.write(batch);
  }
}
