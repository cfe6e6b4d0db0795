/** Backslash escapes in delimiters and format strings: `\n \r \t \0 \\ \xHH` (one byte each). */
import { UsageError } from '../framework/usage-error.ts';

const SIMPLE: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, 0: 0, e: 27, '\\': 92 };

/** A byte that an escape at `position` (that of the backslash) stands for, and how long the escape is. */
export function readEscape(text: string, position: number): { readonly byte: number; readonly length: number } {
  const letter = text[position + 1] ?? '';
  const simple = SIMPLE[letter];
  if (simple !== undefined) return { byte: simple, length: 2 };
  const hex = text.slice(position + 2, position + 4);
  if (letter === 'x' && /^[0-9a-f]{2}$/i.test(hex)) return { byte: Number.parseInt(hex, 16), length: 4 };
  throw new UsageError(
    `\\${letter} in '${text}' is no escape; there are \\n, \\r, \\t, \\0, \\e, \\\\ and \\xHH (two hexadecimal digits)`,
  );
}

/** The bytes of a text with its escapes resolved; the rest is UTF-8. At least one byte. */
export function unescapeBytes(text: string): Buffer {
  const parts: Uint8Array[] = [];
  let plainFrom = 0;
  for (let index = text.indexOf('\\'); index >= 0; index = text.indexOf('\\', plainFrom)) {
    const { byte, length } = readEscape(text, index);
    parts.push(Buffer.from(text.slice(plainFrom, index)), Uint8Array.of(byte));
    plainFrom = index + length;
  }
  parts.push(Buffer.from(text.slice(plainFrom)));
  const bytes = Buffer.concat(parts);
  if (bytes.length === 0) throw new UsageError('it must not be empty');
  return bytes;
}
