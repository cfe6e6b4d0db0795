import { crc32c, crc32cByTable } from '../checksum/crc32c.ts';
import { shiftCrc32cDifference } from '../checksum/crc32c-shift.ts';
import * as header from './record-batch-header.ts';

/**
 * Whether all the batches that lie one after the other from `start` to `end` fit their checksums, as far as one
 * checksum over all of them can tell: it is computed from the bytes, and once more from the checksums that the batches
 * claim. For batches of some hundred bytes this is several times as fast as one by one, where the call for each costs
 * more than the work. Bounds are the caller's to keep: whole batches of v2, and nothing else.
 */
export function consecutiveCrcsFit(bytes: Uint8Array, start: number, end: number): boolean {
  let claimed = 0;
  for (let position = start; position < end; ) {
    const next = position + header.batchSize(bytes, position);
    const covered = position + header.batchHeaderLayout.attributes;
    // What lies before the covered bytes has no checksum of its own.
    claimed = crc32cByTable(bytes, claimed, position, covered);
    claimed = shiftCrc32cDifference(claimed, next - covered) ^ header.crc(bytes, position);
    position = next;
  }
  return claimed >>> 0 === crc32c(bytes, 0, start, end);
}
