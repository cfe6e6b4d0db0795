/**
 * A line that a program wrote as a JSON object, in the names that loggers use: pino, bunyan, winston, zap, logrus,
 * Logstash, Elastic Common Schema. What is not known by name is an attribute.
 */
import { bodyCharsMax, cut, type LogLine, labelsMax } from './log-line.ts';
import { type Severity, severityOfWord } from './severity.ts';
import { readTimestamp } from './timestamp.ts';

const BODY = ['message', 'msg', 'body', 'log', 'text', 'event', 'MESSAGE'];
const TIME = ['time', 'timestamp', '@timestamp', 'ts', 'datetime', 'date', 'asctime', 't'];
const SEVERITY = ['level', 'severity', 'severityText', 'severity_text', 'lvl', 'levelname', 'log.level', 'loglevel'];
const LABELS: Readonly<Record<string, string>> = {
  service: 'service',
  'service.name': 'service',
  app: 'service',
  application: 'service',
  host: 'host',
  hostname: 'host',
  'host.name': 'host',
  component: 'component',
  logger: 'component',
  'log.logger': 'component',
};
const TRACE = ['traceId', 'trace_id', 'trace.id'];
const SPAN = ['spanId', 'span_id', 'span.id'];

/** `labels` are those of the sender; the line's own win. */
export function lineOfObject(
  given: Readonly<Record<string, unknown>>,
  labels: Readonly<Record<string, string>>,
  now: number,
): LogLine {
  const rest = new Map(Object.entries(given));
  const take = (names: readonly string[]): unknown => {
    for (const name of names) {
      const value = rest.get(name);
      if (value === undefined || value === null) continue;
      rest.delete(name);
      return value;
    }
    return undefined;
  };
  const own: Record<string, string> = { ...labels };
  takeLabels(rest, own);
  const body = take(BODY);
  const time = timeOf(take(TIME), now);
  const severity = severityOf(take(SEVERITY));
  const traceId = take(TRACE);
  const spanId = take(SPAN);
  return {
    time: time ?? now,
    received: now,
    severity,
    body: cut(body === undefined ? JSON.stringify(Object.fromEntries(rest)) : textOf(body)),
    labels: own,
    ...(body === undefined || rest.size === 0 ? {} : { attributes: bounded(Object.fromEntries(rest)) }),
    ...(isId(traceId) ? { traceId } : {}),
    ...(isId(spanId) ? { spanId } : {}),
  };
}

function takeLabels(rest: Map<string, unknown>, own: Record<string, string>): void {
  for (const [name, value] of rest) {
    const label = Object.hasOwn(LABELS, name) ? LABELS[name] : undefined;
    if (label === undefined || typeof value !== 'string' || value.length > 200) continue;
    own[label] = value;
    rest.delete(name);
  }
  const given = rest.get('labels');
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return;
  const entries = Object.entries(given);
  if (entries.length > labelsMax || entries.some(([name, value]) => name.length > 100 || textOf(value).length > 200))
    return;
  for (const [name, value] of entries) own[name] = textOf(value);
  rest.delete('labels');
}

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, or a time as people write it. */
function timeOf(value: unknown, now: number): number | undefined {
  if (typeof value === 'string') return readTimestamp(value, 0, now)?.timeMs ?? numeric(Number(value));
  return typeof value === 'number' ? numeric(value) : undefined;
}

function numeric(value: number): number | undefined {
  // Nanoseconds of the year 9999 are the largest that anybody means.
  if (!(value > 1e8 && value < 2.6e20)) return undefined;
  if (value < 1e11) return Math.floor(value * 1_000);
  if (value < 1e14) return Math.floor(value);
  return Math.floor(value < 1e17 ? value / 1e3 : value / 1e6);
}

/** Words, or the numbers of pino and bunyan: 10 trace to 60 fatal. */
function severityOf(value: unknown): Severity | undefined {
  if (typeof value === 'string') return severityOfWord(value);
  if (typeof value !== 'number') return undefined;
  const names = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
  return value >= 10 && value < 70 ? names[Math.floor(value / 10) - 1] : undefined;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 64;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function bounded(attributes: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(attributes);
  return text.length <= bodyCharsMax ? attributes : { cut: text.slice(0, bodyCharsMax) };
}
