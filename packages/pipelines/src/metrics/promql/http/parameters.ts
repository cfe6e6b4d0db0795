/** What requests of the dialect say: fields of a query string and of a form together, as texts. */
import type { Matcher } from '../model/matcher.ts';
import { QueryError } from '../query-error.ts';
import type { LabelRequest } from '../series-source.ts';
import { parseDuration } from '../syntax/duration-text.ts';
import { parseSelector } from '../syntax/parse.ts';

/** All times that there are. */
const earliestMs = -8.64e15;
const latestMs = 8.64e15;

export class Parameters {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #form: Readonly<Record<string, unknown>>;

  /** @param body of a form; anything else says nothing */
  constructor(query: unknown, body: unknown) {
    this.#fields = isRecord(query) ? query : {};
    this.#form = isRecord(body) ? body : {};
  }

  /** Every value of a field; those of the form first. */
  all(name: string): string[] {
    return [this.#form[name], this.#fields[name]].flat().filter((value) => typeof value === 'string');
  }

  /** The first value; empty without one. */
  text(name: string): string {
    return this.all(name)[0] ?? '';
  }

  /** Milliseconds of seconds or of a date (RFC 3339). */
  time(name: string, otherwise?: number): number {
    const text = this.text(name);
    if (text === '' && otherwise !== undefined) return otherwise;
    const timeMs = parseTime(text);
    if (timeMs === undefined) throw invalid(name, `cannot parse ${quoted(text)} to a valid timestamp`);
    return timeMs;
  }

  /** Milliseconds of seconds or of a duration such as 1h30m. */
  duration(name: string): number {
    const text = this.text(name);
    const seconds = isNumber(text) ? Number(text) : parseDuration(text);
    if (seconds === undefined || Math.abs(seconds) > 2 ** 63 / 1e9) {
      throw invalid(name, `cannot parse ${quoted(text)} to a valid duration`);
    }
    return seconds * 1000;
  }

  optionalDuration(name: string): number | undefined {
    return this.text(name) === '' ? undefined : this.duration(name);
  }

  /** A bound on results; none where it is 0 or not said. */
  limit(name = 'limit'): number | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    if (!/^\d{1,15}$/.test(text)) throw invalid(name, 'limit must be a number that is not negative');
    return Number(text) === 0 ? undefined : Number(text);
  }

  /** Selectors of `match[]`. */
  selectors(): (readonly Matcher[])[] {
    return this.all('match[]').map((text) => {
      try {
        return parseSelector(text);
      } catch (error) {
        throw error instanceof QueryError ? invalid('match[]', error.message) : error;
      }
    });
  }

  /** What is asked of names, values and series. */
  labelRequest(signal: AbortSignal): LabelRequest {
    const fromMs = this.time('start', earliestMs);
    const toMs = this.time('end', latestMs);
    if (toMs < fromMs) throw invalid('end', 'end timestamp must not be before start timestamp');
    const limit = this.limit();
    // One more, to know whether some are missing.
    return { anyOf: this.selectors(), fromMs, toMs, limit: limit === undefined ? undefined : limit + 1, signal };
  }
}

export function invalid(name: string, what: string): QueryError {
  return new QueryError('parameter_invalid', `invalid parameter ${quoted(name)}: ${what}`);
}

/** Milliseconds of seconds since 1970 or of a date; undefined for anything else. */
export function parseTime(text: string): number | undefined {
  if (isNumber(text)) {
    const timeMs = Math.round(Number(text) * 1000);
    return timeMs >= earliestMs && timeMs <= latestMs ? timeMs : undefined;
  }
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[-+]\d\d:\d\d)$/.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

function isNumber(text: string): boolean {
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) && Number.isFinite(Number(text));
}

const quoted = (text: string): string => JSON.stringify(text);

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
