/** Batches compared without decoding them: a mirror passes most on byte for byte. */
import { batchHeader, type RecordBatch } from '@millrace/wire';

const { compression, logAppendTime } = batchHeader.batchAttributeBits;
const { batchHeaderBytes } = batchHeader;

/** Whether two batches hold the same records by their bytes, so that none need be decoded. */
export function haveSameRecords(left: RecordBatch, right: RecordBatch): boolean {
  const size = left.sizeInBytes;
  if (size !== right.sizeInBytes || left.recordCount !== right.recordCount) return false;
  if (left.baseTimestamp !== right.baseTimestamp || left.lastOffsetDelta !== right.lastOffsetDelta) return false;
  const attributes = left.attributes & (compression | logAppendTime);
  if (attributes !== (right.attributes & (compression | logAppendTime)) || (attributes & logAppendTime) !== 0)
    return false;
  return Buffer.compare(left.slice.subarray(batchHeaderBytes), right.slice.subarray(batchHeaderBytes)) === 0;
}
