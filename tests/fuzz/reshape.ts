/** Gives one field of a plain value another value, of its kind or not: what reads well and means something else. */

import { crc32 } from 'node:zlib';

interface Field {
  readonly holder: Record<string, unknown>;
  readonly name: string;
}

/** Numbers at which programs change their mind, and some of Kafka's error codes. */
const numbers = [-1, 0, 1, 2, 3, 5, 6, 7, 15, 16, 25, 27, 79, 100, 127, -128, 255, 32_767, -32_768, 65_536].concat([
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 53 - 1,
  -(2 ** 53) + 1,
]);
const texts = ['', 'x', 'plain', '\0', '../..', '__proto__', 'AAAAAAAAAAAAAAAAAAAAAA', 'ü'.repeat(300)];
/** Changed again and again, a list must not double each time. */
const elementsAddedMax = 8;
/** One of so many choices is null. */
const nulls = 6;

/** Changes `value` in place: `place` says which field, `choice` how. */
export function reshape(value: unknown, place: number, choice: number): void {
  const fields = fieldsOf(value);
  const field = fields[place % Math.max(1, fields.length)];
  if (field !== undefined) field.holder[field.name] = otherValue(field.holder[field.name], choice);
}

/** The same, as `bytes` choose: any change of theirs is a change somewhere else. */
export function reshapeBy(value: unknown, bytes: Uint8Array): void {
  const choice = crc32(bytes);
  reshape(value, choice >>> 16, choice & 0xffff);
}

function fieldsOf(value: unknown): Field[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((name) => [{ holder, name }, ...fieldsOf(holder[name])]);
}

function otherValue(value: unknown, choice: number): unknown {
  if (choice % nulls === nulls - 1) return null;
  const chosen = Math.floor(choice / nulls);
  if (typeof value === 'number') return numbers[chosen % numbers.length];
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return texts[chosen % texts.length];
  if (Array.isArray(value)) return chosen % 3 === 0 ? [] : [...value, ...value.slice(chosen % 2, elementsAddedMax)];
  return value instanceof Uint8Array ? otherBytes(value, chosen) : value;
}

function otherBytes(bytes: Uint8Array, choice: number): Uint8Array {
  if (choice % 3 === 0) return bytes.subarray(0, choice % (bytes.length + 1));
  const changed = Uint8Array.from(bytes);
  if (changed.length > 0) changed[(choice * 7) % changed.length] = choice >> 2;
  return changed;
}
