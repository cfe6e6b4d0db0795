/** Which batches of a side are not compared, as they are no part of what the mirror copies. */
import type { RecordBatch } from '@millrace/wire';

export interface BatchFilter {
  /** Makes sure that the batches of fetched bytes can be judged; undefined when nothing has to be asked for that. */
  prepare(bytes: Uint8Array): Promise<void> | undefined;
  isLeftOut(batch: RecordBatch): boolean;
}
