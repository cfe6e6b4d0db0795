/**
 * Moments as people write them: `2026-01-31`, `2026-01-31T10:00`, `2026-01-31T10:00:00.250+02:00`, `@1769850000000`
 * (milliseconds since 1970), `now`, and times ago such as `10m` or `1h30m`. Without a zone a time is local.
 */
import { UsageError } from '../framework/usage-error.ts';

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DURATION = /^(?:\d+(?:ms|[smhdw]))+$/;
const DURATION_PART = /(\d+)(ms|[smhdw])/g;
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/i;

/** What the forms are, for help and for messages. */
export const momentForms = '2026-01-31, 2026-01-31T10:00Z, @MILLISECONDS, now, or a time ago such as 10m or 1h30m';

/** Milliseconds since 1970, or undefined when the text has none of the forms. `now` is in the same unit. */
export function parseMoment(text: string, now: number): number | undefined {
  if (text === 'now') return now;
  if (/^@\d{1,16}$/.test(text)) return Number(text.slice(1));
  if (DURATION.test(text)) {
    let ago = 0;
    for (const [, amount, unit] of text.matchAll(DURATION_PART))
      ago += Number(amount) * (UNITS_MS[unit as string] as number);
    return Math.max(0, now - ago);
  }
  if (!ISO.test(text)) return undefined;
  return parseIso(text);
}

/** A moment as the control plane takes it, ISO 8601 in UTC: for options. */
export function isoMoment(text: string): string {
  const date = new Date(parseMoment(text, Date.now()) ?? Number.NaN);
  if (Number.isNaN(date.getTime())) throw new UsageError(`'${text}' is none of ${momentForms}`);
  return date.toISOString();
}

function parseIso(text: string): number {
  const dateTime = text
    .replace(' ', 'T')
    .replace(',', '.')
    .replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
  // A date alone would be read as UTC, and a date with a time as local.
  const milliseconds = Date.parse(dateTime.length === 10 ? `${dateTime}T00:00` : dateTime.toUpperCase());
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
  const calendar = new Date(Date.UTC(year, month - 1, day));
  if (Number.isNaN(milliseconds) || calendar.getUTCMonth() !== month - 1 || calendar.getUTCDate() !== day) {
    throw new UsageError(`'${text}' is no date that exists`);
  }
  return milliseconds;
}
