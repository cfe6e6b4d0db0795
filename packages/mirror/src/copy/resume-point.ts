/** Where the copy of a partition goes on, once its shard is taken over. */
import type { TargetLimits } from '../batches/conversion-limits.ts';
import type { Losses } from '../offset-map/losses.ts';
import type { SourceEpoch } from '../offset-map/source-epoch.ts';
import type { Standstill } from '../offset-map/standstill.ts';
import type { PartitionRoutes } from '../provenance/source-routes.ts';
import type { KnownChunks } from './map-chunks.ts';

export interface ResumePoint extends KnownChunks, TargetLimits {
  /** Source offset of the next record to copy. */
  readonly source: number;
  /** Target offset behind all that is there. */
  readonly target: number;
  /** The number of the next batch, where the same producer goes on; it begins with 0 when absent. */
  readonly sequence?: number | undefined;
  /** Leader epochs of what was copied before, ascending; none when unknown. */
  readonly sourceEpochs?: readonly SourceEpoch[] | undefined;
  /** What was lost of it before. */
  readonly losses?: Losses | undefined;
  /** Why it stood still before. */
  readonly standstill?: Standstill | undefined;
  /** Judges which records came to the source by mirrors; none did when absent. */
  readonly routes?: PartitionRoutes | undefined;
}
