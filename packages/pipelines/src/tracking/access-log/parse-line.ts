/**
 * One line of an access log in the combined format (Apache `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"`,
 * which is also nginx's `combined`) to its fields. What follows the user agent is let be: many servers append fields of
 * their own.
 *
 * Never throws, and takes time linear in the line's length: each part is found by scanning once from where the last one
 * ended.
 */

export interface LogLine {
  /** Address or name of the client. */
  readonly host: string;
  /** The authenticated user; undefined for `-`. */
  readonly user: string | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The three parts of the request line; undefined when the client sent something else. */
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly protocol: string | undefined;
  readonly status: number;
  /** Bytes of the answer; undefined for `-`. */
  readonly bytes: number | undefined;
  readonly referrer: string | undefined;
  readonly userAgent: string | undefined;
}

/** The fields, or why it is no line of a log in the combined format. */
export type ParsedLine = LogLine | { readonly malformed: string };

export function parseLine(line: string): ParsedLine {
  const scan = new Scanner(line);
  const host = scan.until(' ');
  if (!host) return malformed('it does not begin with an address');
  if (scan.until(' ') === undefined) return malformed('it ends after the address');
  // A user name may hold spaces; the time's bracket ends it.
  const user = scan.until(' [');
  if (user === undefined) return malformed('no time in brackets follows the user');
  const time = scan.until('] "');
  if (time === undefined) return malformed('it ends in the time, or no request in quotes follows it');
  const at = parseTime(time);
  if (at === undefined) return malformed(`its time ${shown(time)} is none like 17/May/2015:10:05:03 +0000`);
  const request = scan.quoted();
  if (request === undefined) return malformed('its request has no closing quote');
  const numbers = /^ (\d{3}) (\d{1,15}|-) "/.exec(scan.rest(32));
  if (!numbers) return malformed('no status, size and quoted referrer follow the request');
  scan.skip(numbers[0].length);
  const referrer = scan.quoted();
  if (referrer === undefined) return malformed('its referrer has no closing quote');
  if (!scan.take(' "')) return malformed('no quoted user agent follows the referrer');
  const userAgent = scan.quoted();
  if (userAgent === undefined) return malformed('its user agent has no closing quote');
  return {
    host,
    user: dash(user),
    at,
    ...requestParts(request),
    status: Number(numbers[1]),
    bytes: numbers[2] === '-' ? undefined : Number(numbers[2]),
    referrer: dash(referrer),
    userAgent: dash(userAgent),
  };
}

class Scanner {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  /** What lies before `end`, which is passed over; undefined when it does not come. */
  until(end: string): string | undefined {
    const found = this.#line.indexOf(end, this.#at);
    if (found < 0) return undefined;
    const text = this.#line.slice(this.#at, found);
    this.#at = found + end.length;
    return text;
  }

  /** The text up to the closing quote, unescaped; the opening one is behind. */
  quoted(): string | undefined {
    for (let end = this.#at; end < this.#line.length; end++) {
      const unit = this.#line.charCodeAt(end);
      if (unit === 0x5c) end++;
      else if (unit === 0x22) {
        const text = this.#line.slice(this.#at, end);
        this.#at = end + 1;
        return text.includes('\\') ? unescaped(text) : text;
      }
    }
    return undefined;
  }

  take(text: string): boolean {
    if (!this.#line.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  rest(lengthMax: number): string {
    return this.#line.slice(this.#at, this.#at + lengthMax);
  }

  skip(length: number): void {
    this.#at += length;
  }
}

function malformed(reason: string): ParsedLine {
  return { malformed: reason };
}

function dash(text: string): string | undefined {
  return text === '-' || text === '' ? undefined : text;
}

function requestParts(request: string): Pick<LogLine, 'method' | 'target' | 'protocol'> {
  const match = /^([A-Z]{1,32}) (.+?)(?: (HTTP\/\d(?:\.\d)?))?$/.exec(request);
  return { method: match?.[1], target: match?.[2], protocol: match?.[3] };
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const timePattern = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/;

/** `17/May/2015:10:05:03 +0000` to milliseconds since 1970; undefined when there is no such time. */
function parseTime(text: string): number | undefined {
  const match = timePattern.exec(text);
  if (!match) return undefined;
  const [day, year, hour, minute, second, zoneHour, zoneMinute] = [1, 3, 4, 5, 6, 8, 9].map((at) => Number(match[at]));
  const month = months.indexOf(match[2] as string);
  const at = Date.UTC(year as number, month, day, hour, minute, Math.min(second as number, 59));
  const date = new Date(at);
  if (month < 0 || date.getUTCMonth() !== month || date.getUTCDate() !== day || (year as number) < 100)
    return undefined;
  if ((hour as number) > 23 || (minute as number) > 59 || (second as number) > 60 || (zoneMinute as number) > 59) {
    return undefined;
  }
  const zone = ((zoneHour as number) * 60 + (zoneMinute as number)) * 60_000;
  const utc = match[7] === '+' ? at - zone : at + zone;
  // Beyond it RFC 3339 has no year.
  return new Date(utc).getUTCFullYear() > 9999 ? undefined : utc;
}

/**
 * Undoes Apache's and nginx's escapes: `\"`, `\\`, `\t` and the like, and `\xHH` for bytes, which are read as UTF-8.
 */
function unescaped(text: string): string {
  const simple: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v' };
  return text.replaceAll(/(?:\\x[0-9A-Fa-f]{2})+|\\(.)/gs, (escaped, letter: string | undefined) => {
    if (letter !== undefined) return simple[letter] ?? letter;
    return Buffer.from(escaped.replaceAll('\\x', ''), 'hex').toString();
  });
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
