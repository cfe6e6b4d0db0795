/** Whether a JSON value may be the default of an Avro type; a union takes a value of any of its branches. */
import type { AvroType } from './avro-type.ts';

export function isDefaultOf(type: AvroType, value: unknown): boolean {
  switch (type.kind) {
    case 'null':
      return value === null;
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
      return Number.isInteger(value) && Math.trunc(value as number) === ((value as number) | 0);
    case 'long':
      return Number.isInteger(value);
    case 'float':
    case 'double':
      return typeof value === 'number' || value === 'NaN' || value === 'Infinity' || value === '-Infinity';
    case 'bytes':
    case 'string':
      return typeof value === 'string';
    case 'fixed':
      return typeof value === 'string';
    case 'enum':
      return type.symbols.includes(value as string);
    case 'array':
      return Array.isArray(value) && value.every((item) => isDefaultOf(type.items, item));
    case 'map':
      return isObject(value) && Object.values(value).every((item) => isDefaultOf(type.values, item));
    case 'union':
      return type.branches.some((branch) => isDefaultOf(branch, value));
    case 'record':
    case 'error':
      return (
        isObject(value) &&
        type.fields.every(({ name, type: inner, hasDefault }) =>
          Object.hasOwn(value, name) ? isDefaultOf(inner, value[name]) : hasDefault,
        )
      );
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
