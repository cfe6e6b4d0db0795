/** A `smoothed` selector: at each time the value on the line between the samples before and behind it. */
import { interpolate, interpolateHistogram } from '../functions/interpolate.ts';
import { remarks } from '../functions/remarks.ts';
import { withHint } from '../histogram/arithmetic.ts';
import { hasCustomBounds, type NativeHistogram } from '../model/native-histogram.ts';
import type { VectorSelector } from '../syntax/expression.ts';
import { Column } from './column.ts';
import type { Evaluation } from './evaluation.ts';
import { evaluateRanges, Window } from './ranges.ts';

export async function evaluateSmoothed(selector: VectorSelector, evaluation: Evaluation): Promise<Column[]> {
  const { lookbackMs, grid, budget } = evaluation;
  // A range of the look-back, with another one behind it.
  const range = { kind: 'seconds', value: lookbackMs / 1000, from: selector.from, to: selector.to } as const;
  const ranges = await evaluateRanges(
    { kind: 'range', selector, range, from: selector.from, to: selector.to },
    evaluation,
  );
  const columns: Column[] = [];
  for (const series of ranges.series) {
    const window = new Window(series, ranges, evaluation, selector);
    const column = new Column(series.labels, grid.count);
    budget.take(grid.count);
    for (let at = 0; at < grid.count; at++) {
      if ((at & 63) === 0 && budget.isDue) await budget.yield();
      if (window.moveTo(at)) column.set(at, valueAt(window, lookbackMs));
    }
    if (!column.isEmpty) columns.push(column);
  }
  return columns;
}

function valueAt(window: Window, lookbackMs: number): number | NativeHistogram | undefined {
  const after = window.rangeEndMs - lookbackMs;
  const from = firstBehind(window.times, window.from, window.to, after);
  const histogramsFrom = firstBehind(window.histogramTimes, window.histogramsFrom, window.histogramsTo, after);
  const hasNumbers = from < window.to;
  const hasHistograms = histogramsFrom < window.histogramsTo;
  if (hasNumbers && hasHistograms) {
    remarks.mixedSamples(window.notes, window.metricName, window.place);
    return undefined;
  }
  if (hasNumbers) return numberAt(window, from);
  return hasHistograms ? histogramAt(window, histogramsFrom) : undefined;
}

function numberAt({ times, values, to, rangeEndMs }: Window, from: number): number | undefined {
  const next = firstBehind(times, from, to, rangeEndMs - 1);
  if (next < to && times[next] === rangeEndMs) return values[next];
  if (next === from) return undefined;
  const before = next - 1;
  if (next === to) return values[before];
  return interpolate(
    times[before] as number,
    values[before] as number,
    times[next] as number,
    values[next] as number,
    rangeEndMs,
    false,
  );
}

function histogramAt(window: Window, from: number): NativeHistogram | undefined {
  const { histogramTimes: times, histograms, histogramsTo: to, rangeEndMs, notes, metricName, place } = window;
  const next = firstBehind(times, from, to, rangeEndMs - 1);
  if (next < to && times[next] === rangeEndMs) return histograms[next];
  if (next === from) return undefined;
  const before = histograms[next - 1] as NativeHistogram;
  if (next === to) return withHint(before, 'unknown');
  const behind = histograms[next] as NativeHistogram;
  if (hasCustomBounds(before) !== hasCustomBounds(behind)) {
    remarks.mixedBounds(notes, metricName, place);
    return undefined;
  }
  const isCounter = before.resetHint !== 'gauge' || behind.resetHint !== 'gauge';
  const [fromMs, toMs] = [times[next - 1] as number, times[next] as number];
  return interpolateHistogram(fromMs, before, toMs, behind, rangeEndMs, isCounter, window);
}

/** The first sample behind a time. */
function firstBehind(times: Float64Array, from: number, to: number, timeMs: number): number {
  let at = from;
  while (at < to && (times[at] as number) <= timeMs) at++;
  return at;
}
