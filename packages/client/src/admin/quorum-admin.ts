/** The metadata quorum as an admin sees it, apart from how that is done (KIP-595, KIP-853). */
import type { AdminCallOptions } from '../admin.ts';

export interface QuorumReplica {
  readonly nodeId: number;
  /** 22 characters of base64url; undefined when the cluster keeps none. */
  readonly directoryId: string | undefined;
  readonly logEndOffset: number;
  /** Milliseconds since 1970; undefined when unknown. */
  readonly lastFetchMs: number | undefined;
  readonly lastCaughtUpMs: number | undefined;
}

export interface QuorumDescription {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly QuorumReplica[];
  readonly observers: readonly QuorumReplica[];
  readonly nodes: readonly {
    readonly nodeId: number;
    readonly listeners: readonly { readonly name: string; readonly host: string; readonly port: number }[];
  }[];
}

export interface QuorumAdmin {
  describeQuorum(options?: AdminCallOptions): Promise<QuorumDescription>;
}
