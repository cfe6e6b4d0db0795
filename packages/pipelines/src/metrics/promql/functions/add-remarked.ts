/** Sums and differences of histograms in a window, with remarks on what had to be given up. */
import type { Window } from '../engine/ranges.ts';
import { added, type Combined, subtracted } from '../histogram/arithmetic.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { type Operation, remarks } from './remarks.ts';

/** Where remarks go, and what of they are. */
export type Remarked = Pick<Window, 'notes' | 'metricName' | 'place'>;

/** Undefined where they do not add. */
export function addRemarked(
  one: NativeHistogram,
  other: NativeHistogram,
  window: Remarked,
): NativeHistogram | undefined {
  return remarked(added(one, other), 'addition', window);
}

/** Undefined where one can't be taken from the other. */
export function subtractRemarked(
  one: NativeHistogram,
  other: NativeHistogram,
  window: Remarked,
): NativeHistogram | undefined {
  return remarked(subtracted(one, other), 'subtraction', window);
}

function remarked(
  result: Combined | undefined,
  operation: Operation,
  { notes, metricName, place }: Remarked,
): NativeHistogram | undefined {
  if (result === undefined) remarks.mixedBounds(notes, metricName, place);
  else if (result.boundsReconciled) remarks.boundsReconciled(notes, operation, place);
  return result?.histogram;
}
