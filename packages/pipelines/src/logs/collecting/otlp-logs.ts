/**
 * OpenTelemetry's logs over HTTP as lines: `POST /v1/logs`. Labels are what a resource says of itself in a few words
 * (service, host, environment) and the name of the scope; all else are attributes.
 */
import type { Route } from '@millrace/api';
import {
  type AnyValue,
  ExportLogsAnswer,
  ExportLogsRequest,
  type KeyValue,
  KeyValues,
  type LogRecord,
} from '@millrace/telemetry';
import { otlpRoute } from '../../collecting/otlp-route.ts';
import { cut, type LogLine } from '../line/log-line.ts';
import { severityOfNumber, severityOfWord } from '../line/severity.ts';
import { batchOf } from './line-batch.ts';
import type { LineIntake } from './line-intake.ts';

const LABELS: ReadonlyMap<string, string> = new Map([
  ['service.name', 'service'],
  ['host.name', 'host'],
  ['deployment.environment', 'environment'],
  ['deployment.environment.name', 'environment'],
  ['service.namespace', 'namespace'],
]);
const labelCharsMax = 200;

export function otlpLogsRoute(intake: LineIntake, now: () => number = Date.now): Route {
  return otlpRoute({
    path: '/v1/logs',
    request: ExportLogsRequest,
    answer: ExportLogsAnswer,
    async accept(request, { header, ...source }) {
      const key = header('idempotency-key');
      const batch = batchOf({ ...source, target: '/v1/logs', key, isDistinct: hasOwnTimes(request) });
      await intake.store(linesOfExport(request, now()), batch);
      return undefined;
    },
  });
}

function hasOwnTimes({ resourceLogs }: ExportLogsRequest): boolean {
  const records = resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
  return records.every(({ timeUnixNano, observedTimeUnixNano }) => timeUnixNano !== 0n || observedTimeUnixNano !== 0n);
}

export function linesOfExport({ resourceLogs }: ExportLogsRequest, now: number): LogLine[] {
  return resourceLogs.flatMap(({ resource, scopeLogs }) => {
    const origin = originOf(resource?.attributes ?? []);
    return scopeLogs.flatMap(({ scope, logRecords }) => {
      const component = scope?.name ?? '';
      const labels =
        component === '' ? origin.labels : { component: component.slice(0, labelCharsMax), ...origin.labels };
      return logRecords.map((record) => lineOf(record, labels, origin.attributes, now));
    });
  });
}

function originOf(given: readonly KeyValue[]) {
  const labels: Record<string, string> = {};
  const attributes: Record<string, unknown> = {};
  for (const { key, value } of given) {
    const label = LABELS.get(key);
    if (label !== undefined && typeof value === 'string' && value.length <= labelCharsMax) labels[label] = value;
    else attributes[key] = plain(value);
  }
  return { labels, attributes };
}

function lineOf(
  record: LogRecord,
  labels: Readonly<Record<string, string>>,
  origin: Readonly<Record<string, unknown>>,
  now: number,
): LogLine {
  const { timeUnixNano, observedTimeUnixNano, severityNumber, severityText, body, traceId, spanId, eventName } = record;
  const nanos = timeUnixNano === 0n ? observedTimeUnixNano : timeUnixNano;
  const attributes: Record<string, unknown> = { ...origin };
  for (const { key, value } of record.attributes) attributes[key] = plain(value);
  if (eventName !== '') attributes['event.name'] = eventName;
  return {
    time: nanos === 0n ? now : Number(nanos / 1_000_000n),
    received: now,
    severity: severityOfNumber(severityNumber) ?? severityOfWord(severityText),
    body: cut(typeof body === 'string' ? body : JSON.stringify(plain(body))),
    labels,
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
    ...(traceId === '' ? {} : { traceId }),
    ...(spanId === '' ? {} : { spanId }),
  };
}

/** A value as JSON has it: bytes in base64, integers beyond 2^53 as text. */
function plain(value: AnyValue): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof KeyValues) return Object.fromEntries(value.pairs.map((each) => [each.key, plain(each.value)]));
  if (Array.isArray(value)) return (value as readonly AnyValue[]).map(plain);
  return value;
}
