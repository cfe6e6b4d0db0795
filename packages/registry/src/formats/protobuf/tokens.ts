/** The words of a `.proto` file (Protocol Buffers language specification), without comments and space. */
import { invalidSchema, type RegistryError } from '../../registry-error.ts';

export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'symbol' | 'end';
  /** Of a text, what it stands for. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

const space = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//;
const word = /[A-Za-z_]\w*/;
const number = /0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/;
const quoted = /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'/;
const symbol = /[{}[\]()<>;=,.:+\-/]/;
const pattern = new RegExp(
  `${space.source}|(${word.source})|(${number.source})|(${quoted.source})|(${symbol.source})`,
  'gy',
);

/** @throws RegistryError `invalid_schema` */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  pattern.lastIndex = 0;
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(source);
    if (match === null) throw invalidSchema(`line ${line}: ${JSON.stringify(source[at])} is no part of a .proto file`);
    const [all, name, digits, text, sign] = match;
    if (name !== undefined) tokens.push({ kind: 'word', text: name, line });
    else if (digits !== undefined) tokens.push({ kind: 'number', text: digits, line });
    else if (text !== undefined) tokens.push({ kind: 'text', text: unescaped(text.slice(1, -1)), line });
    else if (sign !== undefined) tokens.push({ kind: 'symbol', text: sign, line });
    for (const character of all) if (character === '\n') line++;
  }
  tokens.push({ kind: 'end', text: 'the end of the file', line });
  return tokens;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' };

function unescaped(text: string): string {
  return text.replaceAll(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    return escapes[code] ?? code;
  });
}

/** Reads tokens one after the other. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(source: string) {
    this.#tokens = tokensOf(source);
  }

  get next(): Token {
    return this.#tokens[this.#at] as Token;
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  /** Takes the next token if it is this word or symbol. */
  takeIf(text: string): boolean {
    const { kind, text: found } = this.next;
    if (found !== text || kind === 'text' || kind === 'end') return false;
    this.#at++;
    return true;
  }

  /** Whether the token after the next one is this word or symbol. */
  followedBy(text: string): boolean {
    return this.#tokens[this.#at + 1]?.text === text;
  }

  expect(text: string): void {
    if (!this.takeIf(text)) throw this.unexpected(JSON.stringify(text));
  }

  word(what: string): string {
    if (this.next.kind !== 'word') throw this.unexpected(what);
    return this.take().text;
  }

  text(what: string): string {
    if (this.next.kind !== 'text') throw this.unexpected(what);
    let all = '';
    while (this.next.kind === 'text') all += this.take().text;
    return all;
  }

  integer(what: string): number {
    const isNegative = this.takeIf('-');
    const value = this.next.kind === 'number' ? integerOf(this.next.text) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw this.unexpected(what);
    this.#at++;
    return isNegative ? -value : value;
  }

  /** `a.b.c`, or `.a.b.c`. */
  fullName(what: string): string {
    let name = this.takeIf('.') ? '.' : '';
    name += this.word(what);
    while (this.takeIf('.')) name += `.${this.word(what)}`;
    return name;
  }

  unexpected(expected: string): RegistryError {
    const { text, line } = this.next;
    return invalidSchema(`line ${line}: ${JSON.stringify(text)} stands where ${expected} is expected`);
  }
}

/** Octal begins with 0. */
function integerOf(text: string): number {
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return /^(?:\d+|0[xX][0-9a-fA-F]+)$/.test(text) ? Number(text) : Number.NaN;
}
