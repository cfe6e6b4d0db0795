/** What a mirror publishes of what it copied: a record of the audit topic, as the README describes it. */

import type { LostRange } from '../offset-map/losses.ts';

export const auditTopic = 'millrace.audit';

/** Offsets from `from` on, up to but without `to`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** A range of the offset map of one partition: what one worker copied of it between two publications. */
export interface AuditRecord {
  readonly version: 1;
  readonly mirror: string;
  readonly worker: string;
  /** On the source. */
  readonly topic: string;
  readonly partition: number;
  readonly targetTopic: string;
  /** Begins where the one before ended, unless another worker's lies between, or one was lost. */
  readonly source: Range;
  /** Holds the copied records and, where somebody else writes to the topic, what is not from this mirror. */
  readonly target: Range;
  /** That were copied. */
  readonly records: number;
  /** As they lie on the target. */
  readonly batches: number;
  readonly bytes: number;
  /** Source offsets without a copy: of control and aborted records, gaps of compaction, and what is left out. */
  readonly skipped: number;
  /** Those of them that were left out because of where they came from. */
  readonly returning: number;
  /** Those of them that are lost, as they were gone or a policy left them out; of very many only the newest ranges. */
  readonly lost: readonly LostRange[];
  /**
   * By the batches' headers, in ms since 1970: the least time of a batch's first record, and the greatest of all; null
   * where there are none.
   */
  readonly firstTime: number | null;
  readonly newestTime: number | null;
  /** When it was published, in ms since 1970. */
  readonly at: number;
}

/** By which records of one partition keep their order. */
export function auditKey({ mirror, topic, partition }: AuditRecord): string {
  return `${mirror}/${topic}/${partition}`;
}
