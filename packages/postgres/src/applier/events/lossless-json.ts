/**
 * JSON whose numbers keep all digits. A number that a double can't hold comes as the text it was written as, in a
 * `LongNumber`; all others are numbers.
 */

/** A number of JSON as it was written. */
export class LongNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Json = null | boolean | number | string | LongNumber | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: Json;
}

/** Digits in a row that may be more than a double holds. Most documents have none, and are read the fast way. */
const longDigits = /\d{16}|\d\.\d{15}|\d[eE][+-]?\d{3}/;

type Reviver = (name: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Throws `SyntaxError`. */
export function parseLossless(text: string): Json {
  if (!longDigits.test(text)) return JSON.parse(text) as Json;
  const revive: Reviver = (_, value, { source }) => {
    if (typeof value !== 'number' || source === undefined || source.length < 16) return value;
    const isExact = String(value) === source && (Number.isSafeInteger(value) || !Number.isInteger(value));
    return isExact ? value : new LongNumber(source);
  };
  return JSON.parse(text, revive as (this: unknown, key: string, value: unknown) => unknown) as Json;
}

export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof LongNumber);
}
