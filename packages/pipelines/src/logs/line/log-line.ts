/**
 * A line of a log as it is stored in `logs.lines`: OpenTelemetry's log record, less its nesting. What it says about
 * where it comes from is in `labels`, whose values are few; everything else that it has is in `attributes`.
 */
import { readHeader } from './line-header.ts';
import type { Severity } from './severity.ts';

export interface LogLine {
  /** When it was written, by its own word; else when it came. Milliseconds since 1970. */
  readonly time: number;
  /** When it came. */
  readonly received: number;
  readonly severity?: Severity | undefined;
  /** The line as it was, several where they belong together; secrets are masked. */
  readonly body: string;
  /** Where in the body the message begins, after time and severity; 0 when absent. */
  readonly message?: number | undefined;
  /** `service`, `host`, `component`, `file` and what a sender adds. */
  readonly labels: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
}

/** Largest body, in UTF-16 units; what is longer is cut there, and says so. */
export const bodyCharsMax = 256 * 1024;
/** Labels beyond so many go to the attributes. */
export const labelsMax = 16;

/** A line of text: what it says of itself at its beginning is read. `now`: when it came. */
export function lineOfText(text: string, labels: Readonly<Record<string, string>>, now: number): LogLine {
  const { end, timeMs, severity, component } = readHeader(text, now);
  const own = component === undefined || component.length > 100 ? labels : { component, ...labels };
  return {
    time: timeMs ?? now,
    received: now,
    severity,
    body: cut(text),
    ...(end === 0 ? {} : { message: end }),
    labels: own,
  };
}

export function cut(body: string): string {
  if (body.length <= bodyCharsMax) return body;
  return `${body.slice(0, bodyCharsMax)} ... (${body.length - bodyCharsMax} more characters were cut)`;
}

/** Lines of one stream stay in order: those of one service on one host in one file. */
export function streamOf({ labels }: LogLine): string {
  return `${labels['service'] ?? ''}\n${labels['host'] ?? ''}\n${labels['file'] ?? ''}`;
}
