/** Reads tokens one after the other, and says what was found instead of what was wanted. */
import type { QueryError } from '../query-error.ts';
import { syntaxError, type Token, tokensOf } from './tokens.ts';

export class TokenReader {
  readonly text: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #lastEnd = 0;

  constructor(text: string) {
    this.text = text;
    this.#tokens = tokensOf(text);
  }

  get next(): Token {
    return this.#tokens[this.#at] as Token;
  }

  get isAtEnd(): boolean {
    return this.next.kind === 'end';
  }

  /** The one after the next. */
  get second(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)] as Token;
  }

  /** Where the last token that was taken ends. */
  get lastEnd(): number {
    return this.#lastEnd;
  }

  take(): Token {
    const { next } = this;
    if (next.kind !== 'end') {
      this.#at++;
      this.#lastEnd = next.to;
    }
    return next;
  }

  isSign(text: string): boolean {
    return this.next.kind === 'sign' && this.next.text === text;
  }

  takeSign(text: string): boolean {
    if (!this.isSign(text)) return false;
    this.take();
    return true;
  }

  /** Answers where it ends. */
  expectSign(text: string): number {
    if (!this.takeSign(text)) throw this.unexpected(this.next, `expected ${JSON.stringify(text)}`);
    return this.#lastEnd;
  }

  /** Takes a word, in capitals or not. */
  takeWord(text: string): boolean {
    if (this.next.kind !== 'word' || this.next.text.toLowerCase() !== text) return false;
    this.take();
    return true;
  }

  /** The next word, in small letters, if this sign follows it. */
  wordBefore(sign: string): string | undefined {
    const { next, second } = this;
    if (next.kind !== 'word' || second.kind !== 'sign' || second.text !== sign) return undefined;
    return next.text.toLowerCase();
  }

  /** A number or a duration, with a sign before it or not. */
  signedNumber(what: string): number {
    const isNegative = this.takeSign('-');
    if (!isNegative) this.takeSign('+');
    const token = this.take();
    if (token.kind !== 'number' && token.kind !== 'duration') throw this.unexpected(token, `expected ${what}`);
    return isNegative ? -token.value : token.value;
  }

  unexpected(token: Token = this.next, wanted?: string): QueryError {
    const found = token.kind === 'end' ? 'end of input' : JSON.stringify(this.text.slice(token.from, token.to));
    return syntaxError(this.text, token.from, `unexpected ${found}${wanted === undefined ? '' : `, ${wanted}`}`);
  }
}
