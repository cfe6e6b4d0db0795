/**
 * Reads the time that a line begins with, in the ways that programs write it. Times without a zone are UTC, those
 * without a year are in the year that puts them nearest to a reference.
 */

export interface Timestamp {
  /** Where it ends in the text. */
  readonly end: number;
  /** Milliseconds since 1970; undefined for a mere date or time of day. */
  readonly timeMs: number | undefined;
  /** It has no year and the form of syslog, after which a host's name comes. */
  readonly isSyslog: boolean;
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const ISO =
  /(\d{4})([-/.])(\d\d?)\2(\d\d?)(?:[T -](\d\d)[:.](\d\d)[:.](\d\d)(?:[.,](\d{1,9}))?)? ?(Z|[+-]\d\d:?\d\d)?(?!\w)/y;
const SYSLOG = /([A-Z][a-z]{2}) +(\d{1,2}) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?/y;
const CTIME =
  /[A-Z][a-z]{2},? ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? (?:[A-Z]{3,4} )?(\d{4})/y;
const ACCESS = /(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})/y;
const SHORT_YEAR = /(\d\d)\/(\d\d)\/(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?/y;
const COMPACT = /(\d{4})(\d\d)(\d\d)[-T ](\d{1,2}):?(\d{1,2}):?(\d{1,2})(?:[:.,](\d{1,9}))?(?![\w])/y;
const SIX_DIGITS = /(\d\d)([01]\d)([0-3]\d) ([0-2]\d)([0-5]\d)([0-5]\d)(?= )/y;
const MONTH_DAY = /([01]\d)[-.]([0-3]\d) (\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?/y;
const EPOCH = /(1\d{9})(\d{3})?(?:\.(\d{1,9}))?(?![\w.:-])/y;
const TIME_OF_DAY = /\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?![\w:])/y;

/** The time at `at`; undefined when there is none. Square brackets around it are of it. */
export function readTimestamp(text: string, at: number, referenceMs: number): Timestamp | undefined {
  if (text[at] === '[') {
    const inner = readTimestamp(text, at + 1, referenceMs);
    return inner !== undefined && text[inner.end] === ']' ? { ...inner, end: inner.end + 1 } : undefined;
  }
  const code = text.charCodeAt(at);
  if (code >= 65 && code <= 90) return readNamed(text, at, referenceMs);
  if (code < 48 || code > 57) return undefined;
  return readNumeric(text, at, referenceMs);
}

function readNamed(text: string, at: number, referenceMs: number): Timestamp | undefined {
  const syslog = match(SYSLOG, text, at);
  if (syslog !== undefined) {
    const [, month, day, year, hour, minute, second, fraction] = syslog.parts;
    const moment = [monthOf(month), day, hour, minute, second, fraction] as const;
    const timeMs = year === undefined ? nearYear(moment, referenceMs) : utc(year, ...moment);
    if (timeMs !== undefined) return { end: syslog.end, timeMs, isSyslog: year === undefined };
  }
  const ctime = match(CTIME, text, at);
  if (ctime === undefined) return undefined;
  const [, month, day, hour, minute, second, fraction, year] = ctime.parts;
  const timeMs = utc(year, monthOf(month), day, hour, minute, second, fraction);
  return timeMs === undefined ? undefined : { end: ctime.end, timeMs, isSyslog: false };
}

type Reader = (parts: readonly (string | undefined)[], referenceMs: number) => number | undefined;

const NUMERIC: readonly (readonly [RegExp, Reader])[] = [
  [
    ISO,
    ([, year, , month, day, hour, minute, second, fraction, zone]) =>
      hour === undefined ? undefined : offset(utc(year, month, day, hour, minute, second, fraction), zone),
  ],
  [
    COMPACT,
    ([, year, month, day, hour, minute, second, fraction]) => utc(year, month, day, hour, minute, second, fraction),
  ],
  [
    ACCESS,
    ([, day, month, year, hour, minute, second, zone]) =>
      offset(utc(year, monthOf(month), day, hour, minute, second), zone),
  ],
  [
    SHORT_YEAR,
    ([, year, month, day, hour, minute, second, fraction]) =>
      utc(`20${year}`, month, day, hour, minute, second, fraction),
  ],
  [SIX_DIGITS, ([, year, month, day, hour, minute, second]) => utc(`20${year}`, month, day, hour, minute, second)],
  [
    MONTH_DAY,
    ([, month, day, hour, minute, second, fraction], referenceMs) =>
      nearYear([month, day, hour, minute, second, fraction], referenceMs),
  ],
  [
    EPOCH,
    ([, seconds, thousandths, fraction]) =>
      Number(seconds) * 1_000 + (thousandths === undefined ? millisOf(fraction) : Number(thousandths)),
  ],
  [TIME_OF_DAY, () => undefined],
];

function readNumeric(text: string, at: number, referenceMs: number): Timestamp | undefined {
  for (const [pattern, read] of NUMERIC) {
    const found = match(pattern, text, at);
    if (found === undefined) continue;
    const timeMs = read(found.parts, referenceMs);
    if (timeMs === undefined && pattern !== TIME_OF_DAY && !(pattern === ISO && found.parts[5] === undefined)) continue;
    return { end: found.end, timeMs, isSyslog: false };
  }
  return undefined;
}

function match(pattern: RegExp, text: string, at: number) {
  pattern.lastIndex = at;
  const parts = pattern.exec(text);
  return parts === null ? undefined : { parts, end: pattern.lastIndex };
}

/** From "01" for January; undefined for what is no month. */
function monthOf(name: string | undefined): string | undefined {
  const at = name === undefined ? -1 : MONTHS.indexOf(name);
  return at < 0 || at % 3 !== 0 ? undefined : String(at / 3 + 1);
}

type Part = string | undefined;
type Moment = readonly [month: Part, day: Part, hour: Part, minute: Part, second: Part, fraction?: Part];

function utc(year: Part, ...[month, day, hour, minute, second, fraction]: Moment): number | undefined {
  const numbers = [year, month, day, hour, minute, second].map(Number);
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = numbers;
  if (month === undefined || mo < 1 || mo > 12 || d < 1 || d > 31 || h > 24 || mi > 59 || s > 60) return undefined;
  return Date.UTC(y, mo - 1, d, h, mi, s, millisOf(fraction));
}

function nearYear(moment: Moment, referenceMs: number): number | undefined {
  const year = new Date(referenceMs).getUTCFullYear();
  const times = [year - 1, year, year + 1].flatMap((each) => utc(String(each), ...moment) ?? []);
  return times.toSorted((a, b) => Math.abs(a - referenceMs) - Math.abs(b - referenceMs))[0];
}

function millisOf(fraction: Part): number {
  return fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1_000);
}

function offset(timeMs: number | undefined, zone: Part): number | undefined {
  if (timeMs === undefined || zone === undefined || zone === 'Z') return timeMs;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return timeMs - (zone[0] === '-' ? -minutes : minutes) * 60_000;
}
