/** Distances in a log in bytes. Within a segment bytes are taken to be spread evenly over its offsets. */
import type { Log } from '../log/log.ts';

/** Bytes from an offset to the high watermark; 0 without a log. */
export function bytesFrom(log: Log | undefined, offset: number): number {
  let bytes = 0;
  for (const { baseOffset, nextOffset, sizeBytes } of log?.segments ?? []) {
    if (nextOffset <= offset || nextOffset === baseOffset) continue;
    bytes += sizeBytes * ((nextOffset - Math.max(offset, baseOffset)) / (nextOffset - baseOffset));
  }
  return bytes;
}

/** The offset, with fractions, that is `bytes` further than another one; at most the high watermark. */
export function offsetAfter(log: Log, offset: number, bytes: number): number {
  let left = bytes;
  for (const { baseOffset, nextOffset, sizeBytes } of log.segments) {
    if (nextOffset <= offset || nextOffset === baseOffset) continue;
    const from = Math.max(offset, baseOffset);
    const bytesPerOffset = sizeBytes / (nextOffset - baseOffset);
    if ((nextOffset - from) * bytesPerOffset > left) return from + left / bytesPerOffset;
    left -= (nextOffset - from) * bytesPerOffset;
  }
  return log.highWatermark;
}
