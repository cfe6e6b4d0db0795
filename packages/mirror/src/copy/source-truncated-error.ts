import { MillraceError } from '@millrace/base';
import type { EpochEnd } from './source-epochs.ts';

/**
 * The source has other records than those that were copied: it lost the end of its log, as by an election of a replica
 * that was behind or by a loss of power, and may have written others since.
 */
export class SourceTruncatedError extends MillraceError {
  readonly code = 'source_truncated';
  /** What the leader answered: its epoch next to the one that was copied last, and where that ends. */
  readonly end: EpochEnd;

  constructor(place: string, end: EpochEnd) {
    super(`the source's leader epoch ${end.epoch} of ${place} ends at offset ${end.endOffset}, where more was copied`);
    this.end = end;
  }
}
