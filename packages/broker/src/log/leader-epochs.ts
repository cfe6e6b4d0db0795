/**
 * Which leader epoch wrote what, from the batches themselves: each segment notes where epochs begin in it. An epoch
 * without records has no entry, as in Kafka, where the next epoch begins at the same offset and takes its place.
 */
import { batchHeader } from '@millrace/wire';

/** The offset of the first batch of an epoch. */
export interface EpochStart {
  readonly epoch: number;
  readonly startOffset: number;
}

/** Where an epoch ended: the largest epoch with records that is not beyond the one asked for, and the offset behind. */
export interface EpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}

interface EpochHolder {
  readonly epochs: readonly EpochStart[];
}

/** Notes the epoch of a batch at the end of a segment, if it is a new one. */
export function addEpoch(epochs: EpochStart[], batches: Uint8Array, position: number): void {
  const epoch = batchHeader.partitionLeaderEpoch(batches, position);
  const last = epochs.at(-1);
  if (epoch < 0 || (last !== undefined && epoch <= last.epoch)) return;
  epochs.push({ epoch, startOffset: batchHeader.baseOffset(batches, position) });
}

/**
 * Where `wanted` ended, as a leader of epoch `current` whose log ends at `endOffset` knows it; undefined for an epoch
 * that is not known.
 */
export function endOfEpoch(
  segments: readonly EpochHolder[],
  current: number,
  endOffset: number,
  wanted: number,
): EpochEnd | undefined {
  if (wanted < 0 || wanted > current) return undefined;
  if (wanted === current) return { epoch: current, endOffset };
  let floor = wanted;
  let isFound = false;
  for (const { epochs } of segments) {
    for (const { epoch, startOffset } of epochs) {
      if (epoch > wanted) return { epoch: floor, endOffset: startOffset };
      floor = epoch;
      isFound = true;
    }
  }
  return { epoch: isFound ? floor : wanted, endOffset };
}

/** The epoch that wrote the record at an offset; `current` where there are no records yet. */
export function epochAt(segments: readonly EpochHolder[], current: number, offset: number): number {
  let found = current;
  let isFound = false;
  for (const { epochs } of segments) {
    for (const { epoch, startOffset } of epochs) {
      if (startOffset > offset && isFound) return found;
      found = epoch;
      isFound = true;
    }
  }
  return found;
}
