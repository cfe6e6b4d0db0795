/** Keys and values of stores as they stand in URLs and in answers. */
import { messageOf } from '@millrace/base';
import { text } from '@millrace/client';
import type { StoreDefinition } from '../state/store-definition.ts';
import { QueryProblem } from './query-problem.ts';

/** The bytes of a key that stands in a URL: as it is where keys are text, else as JSON. Throws `QueryProblem`. */
export function keyFrom({ name, key: serde }: StoreDefinition, written: string): Uint8Array {
  try {
    const bytes = serde.serialize(serde.name === text.name ? written : JSON.parse(written));
    if (bytes === null) throw new TypeError('it is null');
    return typeof bytes === 'string' ? Buffer.from(bytes) : Uint8Array.from(bytes);
  } catch (error) {
    throw new QueryProblem('invalid_query', `'${written}' is no key of store '${name}': ${messageOf(error)}`);
  }
}

/** A whole number from 0 on that stands in a URL. Throws `QueryProblem`. */
export function numberFrom(name: string, written: string | null, usual: number, most: number): number {
  if (written === null) return usual;
  const number = Number(written);
  if (Number.isSafeInteger(number) && number >= 0 && number <= most) return number;
  throw new QueryProblem('invalid_query', `${name} is '${written}'; it is a whole number from 0 to ${most}`);
}

/** As JSON can have it: integers beyond 2^53 as text, bytes as base64. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, shown) {
    // A buffer has been made an object of numbers by now.
    const field = this[key];
    if (field instanceof Uint8Array) return Buffer.from(field).toString('base64');
    if (typeof field === 'bigint') return field.toString();
    if (field instanceof Map) return Object.fromEntries(field);
    if (field instanceof Set) return [...field];
    return shown as unknown;
  });
}
