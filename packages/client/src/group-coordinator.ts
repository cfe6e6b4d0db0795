/** Requests to the broker that coordinates a group. */
import type { Cluster } from './cluster.ts';
import { Coordinator } from './coordinator.ts';

export class GroupCoordinator extends Coordinator {
  constructor(cluster: Cluster, group: string) {
    super(cluster, 'group', group);
  }

  get group(): string {
    return this.key;
  }
}
