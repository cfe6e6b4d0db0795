/** How the control plane reaches the clusters that are declared: one client for each, shared by all its parts. */
import type { Client } from '@millrace/client';

export interface FleetClusters {
  /** Names, in the order in which they are declared. */
  readonly names: readonly string[];
  /**
   * The client of a cluster, opened at the first call and again when its declaration has changed; owned by this, so
   * nobody else closes it.
   *
   * @throws UnknownClusterError when none of this name is declared
   */
  client(name: string): Promise<Client>;
}
