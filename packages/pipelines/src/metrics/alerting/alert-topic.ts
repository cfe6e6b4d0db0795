/**
 * The topic of alerts: a record each time that an alert becomes pending, fires, is kept on, or is over, keyed by its
 * group and labels, so that the newest of a key is how it stands. A record without a value: the alert is forgotten.
 */
import { json, nullable, text, topic } from '@millrace/client';
import { Labels } from '../promql/model/labels.ts';
import type { Alert } from '../promql/rules/alert-states.ts';
import { seriesText } from '../series-text.ts';

/** An alert as its record holds it. Times are milliseconds since 1970. */
export interface AlertRecord {
  readonly group: string;
  /** With `alertname`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: Alert['state'];
  readonly value: number | 'NaN' | 'Infinity' | '-Infinity';
  readonly activeAtMs: number;
  readonly firedAtMs?: number | undefined;
  readonly resolvedAtMs?: number | undefined;
  readonly keepFiringSinceMs?: number | undefined;
}

export const metricsAlerts = topic('metrics.alerts', { key: text, value: nullable(json<AlertRecord>()) });

export const alertsTopic = {
  topic: metricsAlerts.name,
  partitions: 1,
  configuration: { 'cleanup.policy': 'compact' },
} as const;

export function alertKey(group: string, labels: Labels): string {
  return `${group} ${seriesText(labels)}`;
}

export function alertRecord(group: string, alert: Alert): AlertRecord {
  const { labels, value, ...rest } = alert;
  return {
    ...rest,
    group,
    labels: labels.toJSON(),
    value: Number.isFinite(value) ? value : (String(value) as AlertRecord['value']),
  };
}

export function alertOf({ group: _, labels, value, ...rest }: AlertRecord): Alert {
  return { ...rest, labels: Labels.from(labels), value: Number(value) };
}
