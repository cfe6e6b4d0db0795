/**
 * Series as their samples come in: which record key and which JSON each has, found once and remembered while it sends.
 * The JSON of a record is what is the same for all samples of a series, then the point.
 */

import { Labels, metricNameLabel } from '../promql/model/labels.ts';
import type { SampleAttributes, SampleKind, Temporality } from '../sample.ts';
import { seriesText } from '../series-text.ts';
import { labelName, prometheusName } from './prometheus-names.ts';

export interface SeriesFacts {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly kind: SampleKind;
  readonly temporality?: Temporality | undefined;
  readonly monotonic?: boolean | undefined;
  readonly attributes: SampleAttributes;
  readonly resource: SampleAttributes;
  readonly scope: { readonly name: string; readonly version: string };
  /** Labels are as Prometheus has them already. */
  readonly isPrometheus?: true | undefined;
}

export interface SampleSeries {
  /** Of the record. */
  readonly key: string;
  /** Prometheus's name. */
  readonly metric: string;
  /** The sample's JSON up to the point, without the last brace. */
  readonly head: string;
}

export function sampleSeries(facts: SeriesFacts): SampleSeries {
  const labels = facts.isPrometheus ? prometheusLabels(facts) : translatedLabels(facts);
  const { isPrometheus: _, ...kept } = facts;
  return { key: seriesText(labels), metric: labels.get(metricNameLabel), head: JSON.stringify(kept).slice(0, -1) };
}

/** `job` and `instance` of a resource, by the names of OpenTelemetry's semantic conventions. */
export function jobLabels(resource: SampleAttributes): [string, string][] {
  const { 'service.name': service, 'service.namespace': space, 'service.instance.id': instance } = resource;
  const labels: [string, string][] = [];
  if (service !== undefined) labels.push(['job', space === undefined ? String(service) : `${space}/${service}`]);
  if (instance !== undefined) labels.push(['instance', String(instance)]);
  return labels;
}

function prometheusLabels({ name, attributes }: SeriesFacts): Labels {
  return Labels.from([
    ...Object.entries(attributes).map(([label, value]) => [label, String(value)] as const),
    [metricNameLabel, name],
  ]);
}

function translatedLabels({ name, unit, kind, monotonic, attributes, resource }: SeriesFacts): Labels {
  const metric = prometheusName({
    ...{ name, unit },
    isMonotonicSum: kind === 'sum' && monotonic === true,
    isGauge: kind === 'gauge',
  });
  const labels = new Map<string, string>();
  for (const [attribute, value] of Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const label = labelName(attribute);
    const before = labels.get(label);
    // Attributes that differ in characters a label can't have are joined, as the specification asks for.
    labels.set(label, before === undefined ? String(value) : `${before};${value}`);
  }
  for (const [label, value] of jobLabels(resource)) labels.set(label, value);
  return Labels.from([...labels, [metricNameLabel, metric]]);
}
