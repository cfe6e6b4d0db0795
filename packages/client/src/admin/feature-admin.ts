/** The cluster's features as an admin sees them, apart from how that is done (KIP-584). */
import type { AdminCallOptions, ItemResult } from '../admin.ts';

export interface FeatureName {
  /** For example `metadata.version`, `transaction.version`, `group.version`. */
  readonly feature: string;
}

export interface FeatureDescription extends FeatureName {
  /** Levels that the broker which was asked supports; undefined when it supports none. */
  readonly supported: { readonly min: number; readonly max: number } | undefined;
  /** The level on which the cluster has agreed; 0 for none. */
  readonly level: number;
}

export interface FeatureDescriptions {
  /** Grows with each change; -1 when the cluster has agreed on nothing. */
  readonly epoch: number;
  /** Names ascending. */
  readonly features: readonly FeatureDescription[];
}

export interface FeatureChange extends FeatureName {
  /** 0 takes the feature away. */
  readonly level: number;
  /** Lower levels need a downgrade; an unsafe one may lose metadata. Default `upgrade`. */
  readonly change?: 'upgrade' | 'safe-downgrade' | 'unsafe-downgrade' | undefined;
}

export interface FeatureAdmin {
  describeFeatures(options?: AdminCallOptions): Promise<FeatureDescriptions>;
  /** All changes are made, or none. */
  updateFeatures(
    changes: readonly FeatureChange[],
    options?: AdminCallOptions & { readonly validateOnly?: boolean | undefined },
  ): Promise<ItemResult<FeatureName>[]>;
}
