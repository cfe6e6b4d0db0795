/**
 * After a sync has failed, a file's bytes may be in memory and nowhere else, marked as written; another sync of it
 * would succeed and prove nothing. So the segment is written to a new file, each batch checked on the way, which is
 * synced and takes the old one's name.
 */
import type { LogEnvironment } from './log-environment.ts';
import type { Segment } from './segment.ts';
import { visitBatches } from './segment-batches.ts';

const writeBytes = 1024 * 1024;
const unpaced = { pause: () => Promise.resolve() };

/** Rejects with `DiskError`, or `DamagedSegment` when some of it is lost; the old file is there still. */
export async function rewriteActive(environment: LogEnvironment, segment: Segment): Promise<void> {
  const { disk, files } = environment;
  const temporary = `${segment.path}.tmp`;
  await disk.remove(temporary);
  const file = await disk.open(temporary, { create: true });
  try {
    let chunks: Uint8Array[] = [];
    let bytes = 0;
    let written = 0;
    const flush = async (): Promise<void> => {
      await file.write(chunks, written);
      written += bytes;
      chunks = [];
      bytes = 0;
    };
    await visitBatches(files, segment, 0, unpaced, async (batch) => {
      chunks.push(Uint8Array.from(batch.slice));
      bytes += batch.sizeInBytes;
      if (bytes > writeBytes) await flush();
    });
    if (bytes > 0) await flush();
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, segment.path);
  await files.forget(segment.path);
}
