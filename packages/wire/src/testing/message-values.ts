/** Values of messages in tests: read from JSON, completed with defaults, made comparable. */
import { defaultOf } from '../codec/layout.ts';
import type { Api, Fields, Primitive } from '../schema.ts';
import { versionRange } from '../versions.ts';

export type Values = Record<string, unknown>;
export type Kind = 'request' | 'response';

export const kinds: readonly Kind[] = ['request', 'response'];

/** Every version of an API, ascending. */
export function versionsOf(api: Api): number[] {
  const { first, last } = versionRange(api.versions);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** A message from JSON in which byte strings are base64 and fields at their default may be left out. */
export function fromJson(fields: Fields, json: Values): Values {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const field = fields[name];
      if (field === undefined) throw new Error(`the schema has no field ${name}`);
      if (value === null) return [name, null];
      if (field.type === 'struct') return [name, fromJson(field.fields, value as Values)];
      if (field.type !== 'array') return [name, primitiveFromJson(field.type, value)];
      const { of } = field;
      const elements = value as readonly unknown[];
      if (typeof of === 'string') return [name, elements.map((element) => primitiveFromJson(of, element))];
      return [name, elements.map((element) => fromJson(of, element as Values))];
    }),
  );
}

/** The message with every field present, as decoding yields it. */
export function complete(fields: Fields, values: Values): Values {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const value = name in values ? values[name] : defaultOf(field);
      if (value === null) return [name, null];
      if (field.type === 'struct') return [name, complete(field.fields, value as Values)];
      if (field.type !== 'array' || typeof field.of === 'string') return [name, value];
      const { of } = field;
      return [name, (value as readonly Values[]).map((element) => complete(of, element))];
    }),
  );
}

/** The value with every byte string as text, so that views of different kinds compare by content. */
export function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, comparable(inner)]));
}

function primitiveFromJson(type: Primitive, value: unknown): unknown {
  return type === 'bytes' || type === 'records' ? Buffer.from(value as string, 'base64') : value;
}
