/** What the taking over of shards is told: who is who, and what becomes of partitions that are not as they were. */
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import type { TargetLimits } from '../batches/conversion-limits.ts';
import type { MirrorReport } from '../mirror-event.ts';
import type { Provenance } from '../provenance/provenance.ts';
import type { CopiedPartition } from './copied-partition.ts';
import type { ForeignWrites } from './foreign-writes.ts';
import type { UnfencedProducer } from './guarantee.ts';

export interface ResumeOptions {
  readonly source: Cluster;
  readonly target: Cluster;
  readonly report: MirrorReport;
  /** What writes where at least once is promised; undefined where it is exactly once. */
  readonly unfenced?: UnfencedProducer | undefined;
  /** Told of records that others wrote to the target. */
  readonly foreign: ForeignWrites;
  /** Which batches topics of the target take, as far as that can be told. */
  readonly topicLimits?:
    | ((topics: readonly string[], signal: AbortSignal | undefined) => Promise<ReadonlyMap<string, TargetLimits>>)
    | undefined;
  /** What becomes of a partition whose topic was deleted and made anew. Default `stop`. */
  readonly recreated?: 'stop' | 'continue' | undefined;
  /**
   * What becomes of a partition whose target has lost records that were copied: it stops, or they are copied again.
   * Default `stop`.
   */
  readonly truncatedTarget?: 'stop' | 'continue' | undefined;
  /** Where records come from, and whose they are. */
  readonly provenance: Provenance;
  /** Which topics may be copied, asked for once a shard is taken over; all when absent. */
  readonly permission?: ((bounds: CallBounds) => Promise<(topic: string) => boolean>) | undefined;
}

/** Those of the places that may be copied. Rejects as `permission` does. */
export async function permitted(
  { permission }: ResumeOptions,
  places: readonly CopiedPartition[],
  bounds: CallBounds,
): Promise<readonly CopiedPartition[]> {
  const isPermitted = await permission?.(bounds);
  return isPermitted === undefined ? places : places.filter(({ topic }) => isPermitted(topic));
}
