/**
 * What stands before the message of a line: time, severity, process, component. It is read by the order in which
 * programs write these, without knowing which program it is: a header has a time within its first words, goes on
 * through numbers, brackets and a severity, and ends with a component and its colon, with a dash, or where the words
 * of a message begin. A line without a time has no header.
 */
import { type Severity, severityOfWord } from './severity.ts';
import { readTimestamp } from './timestamp.ts';

export interface LineHeader {
  /** Where the message begins. */
  readonly end: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number | undefined;
  readonly severity: Severity | undefined;
  /** What wrote the line, without the number of its process: `sshd`, `dfs.FSNamesystem`. */
  readonly component: string | undefined;
}

/** Words that are neither time nor severity, and may still stand in a header before one. */
const plainMost = 3;
const wordsMost = 20;
const headerCharsMax = 400;

const noHeader: LineHeader = { end: 0, timeMs: undefined, severity: undefined, component: undefined };

/** `referenceMs`: about when the line was written, for times without a year. */
export function readHeader(text: string, referenceMs: number): LineHeader {
  return new HeaderReader(text, referenceMs).read();
}

class HeaderReader {
  readonly #text: string;
  readonly #referenceMs: number;
  #at = 0;
  /** Where the header certainly reaches to. */
  #end = 0;
  /** Where it reached to before its last part. */
  #endBefore = 0;
  /** Plain words since something that is of a header for certain. */
  #plain = 0;
  #hasTime = false;
  #isSyslog = false;
  #timeMs: number | undefined;
  #severity: Severity | undefined;
  #component: string | undefined;
  #numbers = 0;
  /** Whether nothing but a severity came after the time: a number is of the message then. */
  #hasSeverityLast = false;

  constructor(text: string, referenceMs: number) {
    this.#text = text;
    this.#referenceMs = referenceMs;
  }

  read(): LineHeader {
    for (let words = 0; words < wordsMost && this.#at < headerCharsMax; words++) {
      this.#skipSpace();
      if (this.#at >= this.#text.length || !this.#step()) break;
    }
    if (!this.#hasTime) return noHeader;
    this.#at = this.#end;
    this.#skipSpace();
    if (this.#isSyslog) this.#skipHost();
    // A line must say something: what looked like the last of the header is its message then.
    if (this.#at >= this.#text.length) {
      this.#at = this.#endBefore;
      this.#skipSpace();
    }
    return { end: this.#at, timeMs: this.#timeMs, severity: this.#severity, component: this.#component };
  }

  /** Takes the next word, if a header may have it; answers whether it may go on. */
  #step(): boolean {
    const time = readTimestamp(this.#text, this.#at, this.#referenceMs);
    if (time !== undefined && (this.#timeMs === undefined || this.#component === undefined)) {
      this.#hasTime = true;
      this.#timeMs = time.timeMs ?? this.#timeMs;
      this.#isSyslog = time.isSyslog;
      const next = this.#text[time.end];
      this.#confirm(next === ',' || next === ':' ? time.end + 1 : time.end);
      return true;
    }
    if (this.#text[this.#at] === '|' && this.#hasTime) return this.#bars();
    if (this.#text[this.#at] === '[') return this.#brackets();
    return this.#word(endOfWord(this.#text, this.#at));
  }

  #confirm(end: number): void {
    this.#endBefore = this.#end;
    this.#end = end;
    this.#at = end;
    this.#plain = 0;
  }

  /** `time|component|process|message`. */
  #bars(): boolean {
    let at = this.#at + 1;
    for (let fields = 0; fields < 4; fields++) {
      const bar = this.#text.indexOf('|', at);
      const field = bar < 0 ? ' ' : this.#text.slice(at, bar).trim();
      if (field.length > 40 || /\s/.test(field) || bar < 0) break;
      this.#severity ??= severityOfWord(field);
      if (this.#severity === undefined && /\D/.test(field)) this.#component ??= field;
      at = bar + 1;
    }
    this.#confirm(at);
    return false;
  }

  /** `[main]`, `[error]`, `[worker:1[id=2]]`. */
  #brackets(): boolean {
    const close = closingBracket(this.#text, this.#at);
    if (close < 0) return false;
    const inner = this.#text.slice(this.#at + 1, close).trim();
    const end = this.#text[close + 1] === ':' ? close + 2 : close + 1;
    const severity = this.#severity === undefined ? severityOfWord(inner) : undefined;
    if (severity !== undefined) {
      this.#severity = severity;
      this.#hasSeverityLast = this.#hasTime;
      this.#confirm(end);
      return true;
    }
    if (!this.#hasTime) return false;
    // After a component it is of the header; else only if something follows that is.
    if (this.#component !== undefined) {
      this.#confirm(end);
      return false;
    }
    this.#at = end;
    return true;
  }

  #word(end: number): boolean {
    const word = this.#text.slice(this.#at, end);
    if (word === '-' || word === '--') return this.#dash(end);
    if (/^-?\d+:?$/.test(word)) {
      if (!this.#hasTime) {
        this.#at = end;
        return true;
      }
      if (this.#hasSeverityLast || this.#plain > 0 || ++this.#numbers > 2) return false;
      this.#confirm(end);
      return true;
    }
    const mayBeSeverity = this.#severity === undefined && (this.#plain === 0 || word === word.toUpperCase());
    const severity = mayBeSeverity ? severityOfWord(word.replace(/[,:]$/, '')) : undefined;
    if (severity !== undefined && (this.#hasTime || this.#at > 0)) {
      this.#severity = severity;
      this.#hasSeverityLast = this.#hasTime;
      if (this.#hasTime) this.#confirm(end);
      else this.#at = end;
      return true;
    }
    if (word.endsWith(':') && word.length > 1) return this.#withColon(word, end);
    if (this.#hasSeverityLast) return this.#afterSeverity(word, end);
    this.#plain++;
    this.#at = end;
    return this.#plain <= plainMost;
  }

  #dash(end: number): boolean {
    if (!this.#hasTime) {
      this.#at = end;
      return this.#plain === 0;
    }
    if (this.#plain >= plainMost) return false;
    const goesOn = this.#severity === undefined && this.#plain === 0;
    this.#confirm(end);
    return goesOn;
  }

  #withColon(word: string, end: number): boolean {
    if (!this.#hasTime) return false;
    this.#component = componentOf(word);
    this.#confirm(end);
    return false;
  }

  /** A component without a colon: before brackets, or in a column of its own. */
  #afterSeverity(word: string, end: number): boolean {
    const text = this.#text;
    const isColumn = /^(?: {2,}|\t)/.test(text.slice(end, end + 2)) && /(?: {2}|\t)$/.test(text.slice(0, this.#at));
    const isBeforeBrackets = text.startsWith(' [', end) && word.includes('.');
    if (!isColumn && !isBeforeBrackets) return false;
    this.#component = componentOf(word);
    this.#confirm(end);
    return isBeforeBrackets;
  }

  /** The host of a line of syslog that has no component. */
  #skipHost(): void {
    if (this.#component !== undefined) return;
    const end = endOfWord(this.#text, this.#at);
    if (!/^ (?:--- )?(?:last )?message repeated/.test(this.#text.slice(end, end + 24))) return;
    this.#at = end;
    this.#skipSpace();
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && this.#text.charCodeAt(this.#at) <= 32) this.#at++;
  }
}

function endOfWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) > 32) at++;
  return at;
}

function closingBracket(text: string, from: number): number {
  let depth = 0;
  const end = Math.min(text.length, from + headerCharsMax);
  for (let at = from; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 91) depth++;
    else if (code === 93 && --depth === 0) return at;
  }
  return -1;
}

/** `sshd(pam_unix)[19939]:` is of `sshd(pam_unix)`. */
function componentOf(word: string): string {
  return word.replace(/:$/, '').replace(/\[\d+\]$/, '');
}
