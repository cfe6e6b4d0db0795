/** A value between two samples, on the straight line between them. A counter that began anew began at zero. */
import { multiplied } from '../histogram/arithmetic.ts';
import { isReset } from '../histogram/compare.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { addRemarked, type Remarked, subtractRemarked } from './add-remarked.ts';

export function interpolate(
  fromMs: number,
  from: number,
  toMs: number,
  to: number,
  timeMs: number,
  isCounter: boolean,
): number {
  const start = isCounter && to < from ? 0 : from;
  return start + ((to - start) * (timeMs - fromMs)) / (toMs - fromMs);
}

/** Undefined, with a remark, where the two do not go together. */
export function interpolateHistogram(
  fromMs: number,
  from: NativeHistogram,
  toMs: number,
  to: NativeHistogram,
  timeMs: number,
  isCounter: boolean,
  remarked: Remarked,
): NativeHistogram | undefined {
  if (timeMs === fromMs) return from;
  if (timeMs === toMs) return to;
  const share = (timeMs - fromMs) / (toMs - fromMs);
  if (isCounter && isReset(to, from)) return multiplied(to, share);
  const difference = subtractRemarked(to, from, remarked);
  return difference && addRemarked(multiplied(difference, share), from, remarked);
}
