/** Times as people give them: seconds since 1970, a date, or how long ago. */
import { UsageError } from '../framework/usage-error.ts';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds since 1970, as text. @throws UsageError */
export function parseMoment(text: string, nowMs = Date.now()): string {
  if (/^\d+(?:\.\d+)?$/.test(text)) return text;
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  if (unit !== undefined) return String(nowMs / 1000 - Number(count) * (unitSeconds[unit] as number));
  const timeMs = Date.parse(text);
  if (!Number.isNaN(timeMs)) return String(timeMs / 1000);
  throw new UsageError(
    `'${text}' is no time: give a date such as 2026-03-01T12:00:00Z, seconds since 1970, or how long ago, such as 90m`,
  );
}
