/** Strings in quotes, with the escapes of Go; between backquotes there are none. */

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

const part = /\\(?:([abfnrtv\\])|(['"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|\\|[^\\]/gsu;

/** What a literal, quotes included, stands for; undefined where an escape is none. */
export function unquoted(literal: string): string | undefined {
  const quote = literal[0];
  const inner = literal.slice(1, -1);
  if (quote === '`' || !inner.includes('\\')) return inner;
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  const add = (text: string): void => void bytes.push(...encoder.encode(text));
  for (const [all, simple, quoted, hex, octal, short, long] of inner.matchAll(part)) {
    if (simple !== undefined) add(escapes[simple] as string);
    else if (quoted !== undefined) {
      if (quoted !== quote) return undefined;
      add(quoted);
    } else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (octal !== undefined) {
      const byte = Number.parseInt(octal, 8);
      if (byte > 255) return undefined;
      bytes.push(byte);
    } else if (short !== undefined || long !== undefined) {
      const point = Number.parseInt(short ?? (long as string), 16);
      if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
      add(String.fromCodePoint(point));
    } else if (all === '\\') return undefined;
    else add(all);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
