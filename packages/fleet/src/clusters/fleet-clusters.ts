/** How the control plane reaches the clusters that are declared: one client for each, shared by all its parts. */
import type { Spec } from '@millrace/api/declared';
import type { Client, ClientOptions } from '@millrace/client';
import type { Cluster } from '@millrace/client/protocol';

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

/** The same for those who speak Kafka's protocol themselves. */
export interface ProtocolClusters extends FleetClusters {
  /** What is declared of a cluster. */
  declared(name: string): Spec<'cluster'> | undefined;
  /** What `client` of this name speaks through; throws likewise. */
  cluster(name: string): Promise<Cluster>;
  /** How the cluster is reached now, for those who need a client of their own; throws likewise. */
  clientOptions(name: string): Promise<ClientOptions>;
}
