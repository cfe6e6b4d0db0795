/**
 * Cuts a line into the tokens that templates are made of: words, punctuation, and places (values that vary by how they
 * look: whatever has digits, paths, addresses, hosts, long hexadecimal, times, answers).
 *
 * The tokens lie in arrays that the next scan overwrites. `skeleton` is a hash of the sequence, all places being the
 * same; it is kept for each prefix, since values next to each other become one place (`10.0.0.1:80`, `1, 2, 3`) and
 * what stood between is taken back. White space between tokens counts for nothing. A line longer than `lineCharsMax`
 * or of more than `tokensMax` tokens ends there.
 */
import {
  AT,
  BACKSLASH,
  CLOSE,
  COLON,
  COMMA,
  classOf,
  DASH,
  DOT,
  EQUALS,
  GREATER,
  HARD,
  hexByColons,
  isDigit,
  isHex,
  isHexDigit,
  isLetter,
  LESS,
  OPEN,
  SLASH,
  SPACE,
  STAR,
  WORD,
} from './characters.ts';
import { isAnswer, isHostName, isUnit, isWeekdayOrMonth } from './word-lists.ts';

export const tokensMax = 256;
export const lineCharsMax = 8_192;

export const TokenKind = { word: 0, place: 1, punctuation: 2 } as const;

/** What may stand between two values that are one place. */
const CONNECTS = new Uint8Array(128);
for (const character of ',:-/|#+~;') CONNECTS[character.charCodeAt(0)] = 1;
const CONNECTORS = new Set(['--', '..', '...']);
const connectorsMax = 3;

const PLACE_HASH = 0x9e3779b1;

export class LineScanner {
  count = 0;
  readonly kinds = new Uint8Array(tokensMax + 1);
  readonly starts = new Int32Array(tokensMax + 1);
  readonly ends = new Int32Array(tokensMax + 1);
  /** Where the unit of a place begins (`5 ms`); its end where it has none. */
  readonly units = new Int32Array(tokensMax + 1);
  #text = '';
  /** Hashes of each prefix of the tokens. */
  readonly #low = new Int32Array(tokensMax + 2);
  readonly #high = new Int32Array(tokensMax + 2);

  /** A number for the sequence of tokens, below 2^53. */
  get skeleton(): number {
    return ((this.#high[this.count] as number) & 0x1fffff) * 0x1_0000_0000 + ((this.#low[this.count] as number) >>> 0);
  }

  /** Text of a token. */
  token(index: number): string {
    return this.#text.slice(this.starts[index], this.ends[index]);
  }

  /** Whether white space stands before a token. */
  hasSpaceBefore(index: number): boolean {
    let before = (this.starts[index] as number) - 1;
    const code = this.#text.charCodeAt(before);
    // What is left out before a value: `<1`.
    if (this.kinds[index] === TokenKind.place && (code === LESS || code === GREATER)) before--;
    return before >= 0 && classOf(this.#text.charCodeAt(before)) === SPACE;
  }

  /** Scans a line from a character on. */
  scan(text: string, from: number): void {
    this.#text = text;
    this.count = 0;
    this.#low[0] = 0x2545f491;
    this.#high[0] = 0x1b873593;
    const end = Math.min(text.length, from + lineCharsMax);
    let at = from;
    while (at < end && this.count < tokensMax) {
      const code = text.charCodeAt(at);
      const kind = classOf(code);
      if (kind === SPACE) at++;
      else if (kind === HARD) at = this.#punctuation(at, code);
      else if (code === DOT && text.charCodeAt(at + 1) === DOT) at = this.#run(at, end, code);
      else at = this.#word(at, end);
    }
  }

  #punctuation(at: number, code: number): number {
    const next = this.#text.charCodeAt(at + 1);
    // `<1` is a value, and so is what stands in empty brackets of their own.
    if ((code === LESS || code === GREATER) && isDigit(next)) return at + 1;
    this.#add(TokenKind.punctuation, at, at + 1);
    if (code === OPEN && next === CLOSE && !this.#touchesWord(at)) this.#add(TokenKind.place, at + 1, at + 1);
    return at + 1;
  }

  /** Dots or the like in a row. */
  #run(at: number, end: number, code: number): number {
    let stop = at;
    while (stop < end && this.#text.charCodeAt(stop) === code) stop++;
    this.#add(TokenKind.punctuation, at, stop);
    return stop;
  }

  #word(start: number, end: number): number {
    const text = this.#text;
    const colons = isHexDigit(text.charCodeAt(start)) ? hexByColons(text, start, end) : start;
    if (colons > start) {
      this.#add(TokenKind.place, start, colons);
      return colons;
    }
    let digits = 0;
    let letters = 0;
    let slashes = 0;
    let odd = 0;
    let dots = 0;
    let at = start;
    for (; at < end; at++) {
      const code = text.charCodeAt(at);
      if (classOf(code) !== WORD) break;
      if (isDigit(code)) digits++;
      else if (code === SLASH) slashes++;
      else if (code === BACKSLASH || code === AT) odd++;
      else if (code === DOT) {
        if (text.charCodeAt(at + 1) === DOT) break;
        dots++;
      } else if (isLetter(code)) letters++;
    }
    const stop = this.#withoutTrail(start, at);
    if (digits > 0) this.#add(TokenKind.place, start, stop);
    else if (letters === 0) this.#symbols(start, stop, slashes);
    else if (odd > 0 || slashes > 1 || text.charCodeAt(start) === SLASH) this.#add(TokenKind.place, start, stop);
    else this.#letters(start, stop, dots);
    if (stop < at) this.#add(TokenKind.punctuation, stop, at);
    return at;
  }

  /** Where a word ends without the full stop or dash after it. */
  #withoutTrail(start: number, end: number): number {
    let stop = end;
    while (stop > start + 1) {
      const code = this.#text.charCodeAt(stop - 1);
      if (code !== DOT && code !== DASH) break;
      stop--;
    }
    return stop;
  }

  /** `***`, `-`, `/`: what stands for a value that is missing is a place. */
  #symbols(start: number, stop: number, slashes: number): void {
    const isFiller = stop - start >= 3 && this.#text.charCodeAt(start) === STAR;
    const isPath = slashes > 0 && stop - start > 1;
    this.#add(isFiller || isPath ? TokenKind.place : TokenKind.punctuation, start, stop);
  }

  /** A word without digits. Its text is made only where something may come of it. */
  #letters(start: number, stop: number, dots: number): void {
    const last = this.count - 1;
    const length = stop - start;
    const follows = last >= 0 ? this.kinds[last] : TokenKind.word;
    if (
      follows === TokenKind.place &&
      length <= 12 &&
      this.#isNear(last, start) &&
      isUnit(this.#text.slice(start, stop))
    ) {
      if (this.units[last] === this.ends[last]) this.units[last] = start;
      this.ends[last] = stop;
      return;
    }
    const isPlace =
      (dots > 0 && this.#isHost(start, stop)) ||
      (length === 1 && this.#isDrive(stop)) ||
      (follows === TokenKind.punctuation && length <= 9 && this.#isValue(start, stop, last)) ||
      (length >= 8 && isHex(this.#text, start, stop)) ||
      (length === 3 && this.#isOfDate(start, stop));
    this.#add(isPlace ? TokenKind.place : TokenKind.word, start, stop);
  }

  #isHost(start: number, stop: number): boolean {
    return this.#isBeforePort(stop) || isHostName(this.#text.slice(start, stop));
  }

  /** `C:` before a backslash. */
  #isDrive(stop: number): boolean {
    return this.#text.charCodeAt(stop) === COLON && this.#text.charCodeAt(stop + 1) === BACKSLASH;
  }

  /** A place and what follows it, with white space or nothing between. */
  #isNear(place: number, start: number): boolean {
    for (let at = this.ends[place] as number; at < start; at++) {
      if (classOf(this.#text.charCodeAt(at)) !== SPACE) return false;
    }
    return true;
  }

  /** `on=true`, `on: false`, `setOn(true)`. */
  #isValue(start: number, stop: number, last: number): boolean {
    const before = this.starts[last] as number;
    const code = this.#text.charCodeAt(before);
    if (code !== EQUALS && code !== COLON && (code !== OPEN || !this.#touchesWord(before))) return false;
    return isAnswer(this.#text.slice(start, stop));
  }

  /** The name of a weekday or a month before more of a date. */
  #isOfDate(start: number, stop: number): boolean {
    const text = this.#text;
    const code = text.charCodeAt(start);
    if (code < 65 || code > 90 || !isWeekdayOrMonth(text.slice(start, stop))) return false;
    let at = stop;
    while (classOf(text.charCodeAt(at)) === SPACE || text.charCodeAt(at) === COMMA) at++;
    return at > stop && (isDigit(text.charCodeAt(at)) || isWeekdayOrMonth(text.slice(at, at + 3)));
  }

  #isBeforePort(at: number): boolean {
    return this.#text.charCodeAt(at) === COLON && isDigit(this.#text.charCodeAt(at + 1));
  }

  #touchesWord(at: number): boolean {
    return at > 0 && classOf(this.#text.charCodeAt(at - 1)) === WORD;
  }

  #add(kind: number, start: number, end: number): void {
    const at = kind === TokenKind.place ? this.#joined() : this.count;
    if (at >= tokensMax) return;
    const joins = at < this.count || (kind === TokenKind.place && at > 0 && this.kinds[at - 1] === TokenKind.place);
    if (joins) {
      this.count = at;
      this.ends[at - 1] = end;
      this.units[at - 1] = end;
      return;
    }
    this.kinds[at] = kind;
    this.starts[at] = start;
    this.ends[at] = end;
    this.units[at] = end;
    let low = this.#low[at] as number;
    let high = this.#high[at] as number;
    if (kind === TokenKind.place) {
      low = Math.imul(low ^ PLACE_HASH, 0x01000193);
      high = Math.imul(high ^ PLACE_HASH, 0x85ebca6b);
    } else {
      for (let i = start; i < end; i++) {
        const code = this.#text.charCodeAt(i);
        low = Math.imul(low ^ code, 0x01000193);
        high = Math.imul(high ^ code, 0x5bd1e995);
      }
    }
    this.#low[at + 1] = Math.imul(low ^ (low >>> 15) ^ 0x7f, 0x2c1b3c6d);
    this.#high[at + 1] = Math.imul(high ^ (high >>> 13) ^ 0x3d, 0x297a2d39);
    this.count = at + 1;
  }

  #connects(index: number): boolean {
    const start = this.starts[index] as number;
    const length = (this.ends[index] as number) - start;
    const code = this.#text.charCodeAt(start);
    if (length === 1) return code < 128 && CONNECTS[code] === 1;
    return (code === DOT || code === DASH) && length <= 3 && CONNECTORS.has(this.token(index));
  }

  /** Where a place would go: behind the last place, if only connectors lie between. */
  #joined(): number {
    const last = this.count - 1;
    for (let at = last; at >= 0 && at >= last - connectorsMax; at--) {
      if (this.kinds[at] === TokenKind.place) return at + 1;
      if (this.kinds[at] !== TokenKind.punctuation || !this.#connects(at)) break;
    }
    return this.count;
  }
}
