/** Metrics or logs that are not what their format asks for. */
import { MillraceError } from '@millrace/base';

/** A body that can't be read; `place` says where in it, as far as that is known. */
export class TelemetryError extends MillraceError {
  readonly code = 'malformed_telemetry';
  /** As `resourceMetrics[0].scopeMetrics[2].metrics[0].name`; empty for the whole. */
  readonly place: string;

  constructor(place: string, problem: string, options: { readonly cause?: unknown } = {}) {
    super(`${place === '' ? 'the body' : place} ${problem}`, options);
    this.place = place;
  }
}
