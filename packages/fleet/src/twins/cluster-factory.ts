/** What makes embedded clusters for twins; whoever starts the control plane hands one in. */
import type { Spec } from '@millrace/api/declared';
import type { ClientOptions } from '@millrace/client';

export interface TwinPlan {
  /** Unique among twins; also the name under which the cluster is declared. */
  readonly name: string;
  readonly brokers: readonly { readonly nodeId: number; readonly rack?: string | undefined }[];
  /** Whether clients log in and are asked what they may do: the cluster then has an administrator of its own. */
  readonly secured: boolean;
}

export interface TwinCluster {
  readonly name: string;
  readonly bootstrap: string;
  readonly brokers: number;
  /** How the control plane reaches it, as it may stand in the record: secrets are references. */
  readonly client: NonNullable<Spec<'cluster'>['client']>;
  /** The same for a client in this process. */
  readonly options: ClientOptions;
}

export interface ClusterFactory extends AsyncDisposable {
  /** Those that run in this process. */
  running(): readonly TwinCluster[];
  /**
   * Starts the cluster and answers when it serves; one that runs already is answered as it is. It is kept, and runs
   * again at the next start, until it is removed.
   */
  start(plan: TwinPlan): Promise<TwinCluster>;
  /** Ends the cluster and removes all that it stored; one that is not there is no error. */
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}
