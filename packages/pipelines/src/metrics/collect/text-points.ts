/** Samples of Prometheus's text format as points, labels as they stand. */
import type { RemoteSeries, TextFamily, TextSample, TextType } from '@millrace/telemetry';
import type { IncomingPoint, RefusedMetric } from './otlp-samples.ts';
import { remoteSamples } from './remote-samples.ts';

/** Types by their numbers in remote write. */
const typeNumbers: Readonly<Record<TextType, number>> = {
  ...{ unknown: 0, counter: 1, gauge: 2, histogram: 3, gaugehistogram: 4, summary: 5, info: 6, stateset: 7 },
};

export interface TextPoint {
  readonly sample: Omit<TextSample, 'timeMs' | 'value'>;
  readonly value: number | 'stale';
  readonly timeMs: number;
  readonly family: TextFamily;
}

export function textPoints(points: readonly TextPoint[]): { points: IncomingPoint[]; refused: RefusedMetric[] } {
  const series = points.map(
    ({ sample: { name, labels }, value, timeMs, family }): RemoteSeries => ({
      labels: [{ name: '__name__', value: name }, ...labels.filter((label) => label.value !== '')],
      samples: [{ value, timeMs }],
      histograms: [],
      metadata: { type: typeNumbers[family.type], help: family.help, unit: family.unit },
    }),
  );
  return remoteSamples(series, () => undefined);
}
