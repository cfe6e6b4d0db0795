/**
 * Masks the leaves of a JSON text, or of a value that was read otherwise. Types stay: a text becomes a text, a number a
 * number; null stays null, and so do the names of members. Numbers are never rounded on the way, also those that
 * JavaScript can't hold.
 */
import { formatKept, hashed, hashedBytes, redacted } from './mask-text.ts';

export type Mask = 'keep' | 'hash' | 'redact' | 'format';

/** Which mask a leaf has: `path` is the names and indexes that lead to it. */
export type MaskOf = (path: readonly string[]) => Mask;

/** What JavaScript has for it and TypeScript has no types of yet (ECMAScript: JSON.parse source text access). */
const json = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
};

/** A number as it was written. */
class Digits {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The masked text; undefined for what is no JSON. */
export function maskJson(text: string, key: Uint8Array, maskOf: MaskOf): string | undefined {
  let value: unknown;
  try {
    value = json.parse(text, (_, each, { source }) => (typeof each === 'number' ? new Digits(source ?? '') : each));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return JSON.stringify(maskValue(value, key, maskOf));
}

/** Likewise for a value of objects, lists, texts, numbers and bytes. */
export function maskValue(value: unknown, key: Uint8Array, maskOf: MaskOf, path: readonly string[] = []): unknown {
  const inner = (name: string, each: unknown): unknown => maskValue(each, key, maskOf, [...path, name]);
  if (Array.isArray(value)) return value.map((each, index) => inner(String(index), each));
  if (value instanceof Digits) return json.rawJSON(maskedNumber(value.text, key, maskOf(path)));
  if (value instanceof Uint8Array) return maskedBytes(value, key, maskOf(path));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inner(name, each)]));
  }
  if (value === null || value === undefined) return value;
  const mask = maskOf(path);
  if (typeof value === 'string') return maskedText(value, key, mask);
  if (typeof value === 'number') return Number(maskedNumber(String(value), key, mask));
  return mask === 'keep' ? value : false;
}

/** As long as they were. */
function maskedBytes(bytes: Uint8Array, key: Uint8Array, mask: Mask): Uint8Array {
  if (mask === 'keep') return bytes;
  return mask === 'redact' ? Buffer.alloc(bytes.length) : hashedBytes(key, bytes);
}

export function maskedText(text: string, key: Uint8Array, mask: Mask): string {
  switch (mask) {
    case 'keep':
      return text;
    case 'hash':
      return hashed(key, text);
    case 'redact':
      return redacted;
    case 'format':
      return formatKept(key, text);
  }
}

/** 52 bits of a hash are exact as a double. */
function maskedNumber(digits: string, key: Uint8Array, mask: Mask): string {
  if (mask === 'keep') return digits;
  if (mask === 'hash') return String(Number.parseInt(hashed(key, digits).slice(0, 13), 16));
  return mask === 'format' && !/e/i.test(digits) ? formatKept(key, digits) : '0';
}
