/** Finds out how far damage reaches that a reader met in a segment. */
import { batchHeader } from '@millrace/wire';
import type { DamageFound, Hole } from './damage.ts';
import type { FileCache } from './file-cache.ts';
import { findSoundBatch, isSoundBatchAt, type SearchRange } from './find-sound-batch.ts';
import type { Segment } from './segment.ts';

/**
 * The hole that begins where the reader met it and ends before the next sound batch, the next hole, or the segment's
 * end. Rejects with `DiskError`.
 */
export async function holeAt(files: FileCache, segment: Segment, found: DamageFound): Promise<Hole> {
  const { position, offset } = found;
  const following = segment.holes.find((hole) => hole.position >= position);
  const end = following?.position ?? segment.sizeBytes;
  const endOffset = following?.offset ?? segment.nextOffset;
  const range = { end, offsetMin: offset, offsetEnd: endOffset };
  const lease = await files.acquire(segment.path, { create: false });
  try {
    const soundAt = await nextSound(lease.file, segment, position, range);
    if (soundAt === undefined) return { position, end, offset, nextOffset: endOffset };
    const head = Buffer.alloc(batchHeader.batchHeaderBytes);
    await lease.file.read(head, soundAt);
    return { position, end: soundAt, offset, nextOffset: batchHeader.baseOffset(head, 0) };
  } finally {
    await lease.release();
  }
}

async function nextSound(
  file: Parameters<typeof findSoundBatch>[0],
  segment: Segment,
  position: number,
  range: SearchRange,
): Promise<number | undefined> {
  // Where the damaged batch says that it ends, if its header is sound.
  const head = Buffer.alloc(batchHeader.batchHeaderBytes);
  await file.read(head, position);
  const claimed = position + batchHeader.batchSize(head, 0);
  if (claimed > position && claimed < range.end && (await isSoundBatchAt(file, claimed, range))) return claimed;
  // The index knows where batches begin.
  let indexed: number | undefined;
  for (const entry of segment.index.positionsAfter(position)) {
    if (entry >= range.end) break;
    if (!(await isSoundBatchAt(file, entry, range))) continue;
    indexed = entry;
    break;
  }
  const searched = await findSoundBatch(file, position + 1, indexed ?? range.end, range);
  return typeof searched === 'number' ? searched : indexed;
}
