/** What is remarked of samples that do not go together, in Prometheus's words. */
import type { Notes } from '../engine/notes.ts';
import { messageNumber } from '../model/number-text.ts';
import type { Place } from '../syntax/expression.ts';

const quoted = (text: string): string => JSON.stringify(text);
const ofMetric = (name: string): string => (name === '' ? '' : ` for metric name ${quoted(name)}`);

/** What was being done with histograms. */
export type Operation = 'addition' | 'subtraction' | 'aggregation';

export const remarks = {
  badQuantile(notes: Notes, q: number, place: Place): void {
    notes.warn(`quantile value should be between 0 and 1, got ${messageNumber(q)}`, place);
  },
  badRatio(notes: Notes, ratio: number, used: number, place: Place): void {
    const what = 'ratio value should be between -1 and 1';
    notes.warn(`${what}, got ${messageNumber(ratio)}, capping to ${messageNumber(used)}`, place);
  },
  mixedSamples(notes: Notes, metricName: string, place: Place): void {
    notes.warn(`encountered a mix of histograms and floats for metric name ${quoted(metricName)}`, place);
  },
  mixedAggregation(notes: Notes, place: Place): void {
    notes.warn('encountered a mix of histograms and floats for aggregation', place);
  },
  mixedBounds(notes: Notes, metricName: string, place: Place): void {
    const what = 'vector contains a mix of histograms with exponential and custom buckets schemas for metric name';
    notes.warn(`${what} ${quoted(metricName)}`, place);
  },
  mixedKinds(notes: Notes, metricName: string, place: Place): void {
    notes.warn(`vector contains a mix of classic and native histograms${ofMetric(metricName)}`, place);
  },
  notCounter(notes: Notes, metricName: string, place: Place): void {
    notes.warn(`this native histogram metric is not a counter: ${quoted(metricName)}`, place);
  },
  notGauge(notes: Notes, metricName: string, place: Place): void {
    notes.warn(`this native histogram metric is not a gauge: ${quoted(metricName)}`, place);
  },
  histogramsIgnored(notes: Notes, metricName: string, place: Place): void {
    const what = 'ignored histograms in a range containing both floats and histograms for metric name';
    notes.inform(`${what} ${quoted(metricName)}`, place);
  },
  aggregationIgnored(notes: Notes, operator: string, place: Place): void {
    notes.inform(`ignored histogram in ${operator} aggregation`, place);
  },
  boundsReconciled(notes: Notes, operation: Operation, place: Place): void {
    notes.inform(`mismatched custom buckets were reconciled during ${operation}`, place);
  },
  resetsCollided(notes: Notes, operation: Operation, place: Place): void {
    notes.warn(`conflicting counter resets during histogram ${operation}`, place);
  },
  badBucket(notes: Notes, metricName: string, value: string, place: Place): void {
    notes.warn(
      `bucket label "le" is missing or has a malformed value of ${quoted(value)}${ofMetric(metricName)}`,
      place,
    );
  },
  incompatibleBounds(notes: Notes, operator: string, place: Place): void {
    notes.warn(`incompatible bucket layout encountered for binary operator ${operator}`, place);
  },
  incompatibleTypes(notes: Notes, left: string, operator: string, right: string, place: Place): void {
    const what = 'incompatible sample types encountered for binary operator';
    notes.inform(`${what} ${quoted(operator)}: ${left} ${operator} ${right}`, place);
  },
  nanResult(notes: Notes, metricName: string, place: Place): void {
    notes.inform(`input to histogram_quantile has NaN observations, result is NaN${ofMetric(metricName)}`, place);
  },
  nanSkew(notes: Notes, metricName: string, place: Place): void {
    notes.inform(
      `input to histogram_quantile has NaN observations, result is skewed higher${ofMetric(metricName)}`,
      place,
    );
  },
  nanLeftOut(notes: Notes, metricName: string, place: Place): void {
    const what = 'input to histogram_fraction has NaN observations, which are excluded from all fractions';
    notes.inform(`${what}${ofMetric(metricName)}`, place);
  },
} as const;
