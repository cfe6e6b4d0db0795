/** What governs the conversion of batches. */
import type { AllowedTimes, TimeBounds } from './record-times.ts';

/** Sizes are in bytes, headers of batches included. */
export interface ConversionLimits {
  /** No outgoing batch is larger (the target's `max.message.bytes`): larger ones are split by records. */
  readonly batchBytesMax: number;
  /** Batches that are put together or split are no larger, unless a single record is. Default `batchBytesMax`. */
  readonly rebuiltBytesMax?: number | undefined;
  /** Uncompressed batches smaller than this join their neighbours. 0 joins none. */
  readonly coalesceBelow: number;
  /** Likewise for compressed ones, which costs inflating them and compressing them together. 0 joins none. */
  readonly coalesceCompressedBelow: number;
  /** What the records of one source batch may take uncompressed. */
  readonly decompressedBytesMax: number;
  /** Which times records may have now. Default: any. */
  readonly times?: (() => AllowedTimes) | undefined;
}

/** Bytes of batches that are put together or split. */
export function rebuiltBytesMaxOf({ batchBytesMax, rebuiltBytesMax = batchBytesMax }: ConversionLimits): number {
  return rebuiltBytesMax;
}

/** Fits targets with Kafka's default `max.message.bytes`. */
export const conversionLimitsDefault: ConversionLimits = {
  batchBytesMax: 1024 * 1024,
  coalesceBelow: 16 * 1024,
  coalesceCompressedBelow: 2 * 1024,
  decompressedBytesMax: 128 * 1024 * 1024,
};

/** What the topic takes to which batches go. */
export interface TargetLimits {
  /** Bytes of a batch; undefined where it can't be told. */
  readonly batchBytesMax?: number | undefined;
  /** Undefined where times are not looked at, or it can't be told. */
  readonly times?: TimeBounds | undefined;
}

/**
 * The limits for batches that go to the topic. What it is known to take passes, however large; what is rebuilt is not
 * larger than it has to be. `now`: ms since 1970.
 */
export function limitsWithin(
  limits: ConversionLimits,
  { batchBytesMax = limits.batchBytesMax, times }: TargetLimits,
  now: () => number,
): ConversionLimits {
  return {
    ...limits,
    batchBytesMax,
    rebuiltBytesMax: Math.min(limits.rebuiltBytesMax ?? limits.batchBytesMax, batchBytesMax),
    times: times && (() => ({ ...times, now: now() })),
  };
}
