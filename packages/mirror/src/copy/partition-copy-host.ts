/** What a copy of a partition asks of the session that it belongs to. */
import type { MillraceError } from '@millrace/base';
import type { ConversionLimits } from '../batches/conversion-limits.ts';
import type { CopyObserver } from '../status/copy-observer.ts';
import type { PartitionCopy } from './partition-copy.ts';

export interface PartitionCopyHost {
  readonly limits: ConversionLimits;
  /** Bytes that one partition may hold now that are not stored. `isHeldUp`: its target takes nothing just now. */
  bytesMax(isHeldUp: boolean): number;
  /** Ms since 1970. */
  now(): number;
  /** A batch is stored. */
  readonly stored: CopyObserver;
  /** Asks for a journal entry of this copy; answers the number that `target.announced` will reach with it. */
  announce(copy: PartitionCopy): number;
  /** Something can be sent. */
  offer(copy: PartitionCopy): void;
  /** More can be fetched. */
  room(): void;
  /** Lets others have their turn, in long work. */
  rest(): Promise<void>;
  /** Whether records may be written that came to the source by mirrors. */
  readonly isRouted: boolean;
  /** It could not be found out where records came from; they are fetched again. */
  unjudged(copy: PartitionCopy, error: MillraceError): void;
  /** Such records are to be copied, and may not be yet. */
  routed(): void;
  /** A batch is stored behind offsets that this copy did not write: so many from an offset of the target on. */
  foreign(copy: PartitionCopy, gap: { readonly from: number; readonly count: number }): void;
  /** A batch is stored at an offset of the target before the end of what was stored before it. */
  shortened(copy: PartitionCopy, offset: number): void;
  /** What comes next of the source can't be had, or can't be copied. */
  failed(copy: PartitionCopy, error: MillraceError): void;
}
