/**
 * Puts one newly written segment in the place of several, so that a crash at any moment leaves either the old ones or
 * the new one:
 *
 * 1. the new segment is written as `<base offset>.log.cleaned` and synced;
 * 2. `<base offset>.swap` says which segments it replaces, written atomically and synced: from here on the new one
 *    counts, and the next start would do the rest;
 * 3. it is renamed over the first old segment, the others are removed;
 * 4. the `.swap` file is removed.
 *
 * A `.cleaned` file without a `.swap` file is what a crash left of an attempt, and is removed.
 */
import type { Disk } from '@millrace/base';
import { segmentName } from '../segment.ts';

/** What a `.swap` file says. */
export interface SegmentSwap {
  /** Of the replaced segments, ascending; the new one has the first of them. */
  readonly baseOffsets: readonly number[];
  /** Of the new segment. */
  readonly sizeBytes: number;
}

/** Where the new segment is written. */
export function cleanedPath(directory: string, baseOffset: number): string {
  return `${directory}/${segmentName(baseOffset)}.log.cleaned`;
}

/** Decides that the swap takes place: the new segment must be synced. */
export async function decideSwap(disk: Disk, directory: string, swap: SegmentSwap): Promise<void> {
  await disk.writeFileAtomic(swapPath(directory, swap), Buffer.from(JSON.stringify(swap)), { sync: true });
}

/** Takes a decision back whose new segment has not got its name yet. May be repeated. */
export async function cancelSwap(disk: Disk, directory: string, swap: SegmentSwap): Promise<void> {
  await disk.remove(swapPath(directory, swap));
  await disk.syncDirectory(directory);
  await disk.remove(cleanedPath(directory, swap.baseOffsets[0] as number));
}

/** Makes the new segment the first old one's file. */
export async function renameSwapped(disk: Disk, directory: string, swap: SegmentSwap): Promise<void> {
  const base = swap.baseOffsets[0] as number;
  // It vouches for the old file.
  await disk.remove(`${directory}/${segmentName(base)}.index`);
  await disk.rename(cleanedPath(directory, base), `${directory}/${segmentName(base)}.log`);
}

/** Removes the other old segments, and then the record of the swap. May be repeated. */
export async function removeSwapped(disk: Disk, directory: string, swap: SegmentSwap): Promise<void> {
  await disk.syncDirectory(directory);
  for (const baseOffset of swap.baseOffsets.slice(1)) {
    await disk.remove(`${directory}/${segmentName(baseOffset)}.log`);
    await disk.remove(`${directory}/${segmentName(baseOffset)}.index`);
  }
  await disk.syncDirectory(directory);
  await disk.remove(swapPath(directory, swap));
}

/** At start: finishes what was decided, and removes what was not. Rejects with `DiskError`. */
export async function recoverSwaps(disk: Disk, directory: string): Promise<void> {
  const sizes = new Map((await disk.list(directory)).map(({ name, size }) => [name, size]));
  for (const name of sizes.keys()) {
    if (!/^\d{20}\.swap$/.test(name)) continue;
    const swap = parseSwap(await disk.readFile(`${directory}/${name}`));
    if (swap === undefined) await disk.remove(`${directory}/${name}`);
    else await finishSwap(disk, directory, swap, sizes);
  }
  for (const name of sizes.keys()) {
    if (name.endsWith('.log.cleaned')) await disk.remove(`${directory}/${name}`);
  }
}

async function finishSwap(disk: Disk, directory: string, swap: SegmentSwap, sizes: Map<string, number>): Promise<void> {
  const first = segmentName(swap.baseOffsets[0] as number);
  if (sizes.delete(`${first}.log.cleaned`)) await renameSwapped(disk, directory, swap);
  else {
    await disk.remove(`${directory}/${first}.index`);
    const size = sizes.get(`${first}.log`);
    // Neither the new file nor its name survived: then nothing was removed yet, and the old ones stay.
    if (size !== undefined && size !== swap.sizeBytes) return disk.remove(swapPath(directory, swap));
  }
  await removeSwapped(disk, directory, swap);
}

/** Undefined for what can't have been written by `decideSwap`. */
function parseSwap(content: Uint8Array | undefined): SegmentSwap | undefined {
  try {
    const swap = JSON.parse(Buffer.from(content ?? []).toString()) as Partial<SegmentSwap> | null;
    const { baseOffsets, sizeBytes } = swap ?? {};
    const isSwap = Array.isArray(baseOffsets) && baseOffsets.length > 0 && baseOffsets.every(Number.isSafeInteger);
    return isSwap && typeof sizeBytes === 'number' ? { baseOffsets, sizeBytes } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function swapPath(directory: string, swap: SegmentSwap): string {
  return `${directory}/${segmentName(swap.baseOffsets[0] as number)}.swap`;
}
