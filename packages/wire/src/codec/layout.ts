/** What a schema means at one version: which fields are on the wire, how each is encoded, and what absent ones hold. */
import { assert } from '@millrace/base';
import type { Field, Fields, Primitive } from '../schema.ts';
import { hasVersion } from '../versions.ts';

export interface Slot {
  readonly name: string;
  readonly field: Field;
  /** Where the field is in this version. */
  readonly place: 'plain' | 'tagged' | 'absent';
  readonly nullable: boolean;
  /** Whether lengths are varints plus one (KIP-482). */
  readonly compact: boolean;
}

/** The fields of a struct in wire order, each as it is at `version`. */
export function layoutOf(fields: Fields, version: number, flexible: boolean): Slot[] {
  return Object.entries(fields).map(([name, field]) => {
    const present = hasVersion(field.versions ?? '0+', version);
    const tagged = present && hasVersion(field.tagged, version);
    assert(!tagged || (flexible && field.tag !== undefined), `field ${name} is tagged outside a flexible version`);
    const place = tagged ? 'tagged' : present ? 'plain' : 'absent';
    const nullable = hasVersion(field.nullable, version);
    return { name, field, place, nullable, compact: flexible };
  });
}

/** The method of `ByteReader` that reads a field without parts. */
export function readMethod(type: Primitive, nullable: boolean, compact: boolean): string {
  return lengthPrefixed(type === 'records' ? 'bytes' : type, nullable, compact);
}

/** The method of `ByteWriter` that writes a field without parts. */
export function writeMethod(type: Primitive, nullable: boolean, compact: boolean): string {
  if (type === 'records') return compact ? 'compactRecords' : 'records';
  return lengthPrefixed(type, nullable, compact);
}

/** The fewest bytes that an array's element can take: the bound on how many elements a message can hold. */
export function bytesMinOf(of: Primitive | Fields, version: number, flexible: boolean): number {
  if (typeof of === 'string') return primitiveBytesMin(of, flexible);
  let total = flexible ? 1 : 0;
  for (const slot of layoutOf(of, version, flexible)) {
    if (slot.place !== 'plain') continue;
    const { field } = slot;
    if (field.type === 'array') total += slot.compact ? 1 : 4;
    else if (field.type === 'struct') total += slot.nullable ? 1 : bytesMinOf(field.fields, version, flexible);
    else total += primitiveBytesMin(field.type, slot.compact);
  }
  return Math.max(total, 1);
}

/** The value that a field holds in versions without it. A fresh one at each call. */
export function defaultOf(field: Field): unknown {
  if (field.default !== undefined) return field.default;
  if (field.type === 'array') return [];
  if (field.type === 'struct') return defaultsOf(field.fields);
  return primitiveDefault(field.type);
}

/** A struct in which every field holds its default. */
export function defaultsOf(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, defaultOf(field)]));
}

/** Whether a value given for encoding (undefined where it was left out) is the field's default. */
export function isDefault(field: Field, value: unknown): boolean {
  if (value === undefined || value === field.default) return true;
  if (value === null || field.default === null) return false;
  if (field.type === 'array') return field.default === undefined && (value as readonly unknown[]).length === 0;
  if (field.type === 'struct') {
    const struct = value as Record<string, unknown>;
    return Object.entries(field.fields).every(([name, inner]) => isDefault(inner, struct[name]));
  }
  if (field.default !== undefined) return false;
  if (field.type === 'bytes' || field.type === 'records') return (value as Uint8Array).length === 0;
  return value === primitiveDefault(field.type);
}

function lengthPrefixed(type: Primitive, nullable: boolean, compact: boolean): string {
  if (type !== 'string' && type !== 'bytes') return type;
  const name = nullable ? `Nullable${type === 'string' ? 'String' : 'Bytes'}` : type === 'string' ? 'String' : 'Bytes';
  return compact ? `compact${name}` : `${name[0]?.toLowerCase()}${name.slice(1)}`;
}

function primitiveBytesMin(type: Primitive, compact: boolean): number {
  switch (type) {
    case 'bool':
    case 'int8':
      return 1;
    case 'int16':
    case 'uint16':
      return 2;
    case 'int32':
    case 'uint32':
      return 4;
    case 'int64':
    case 'float64':
      return 8;
    case 'uuid':
      return 16;
    case 'string':
      return compact ? 1 : 2;
    default:
      return compact ? 1 : 4;
  }
}

function primitiveDefault(type: Primitive): unknown {
  switch (type) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return 'AAAAAAAAAAAAAAAAAAAAAA';
    case 'bytes':
    case 'records':
      return new Uint8Array(0);
    default:
      return 0;
  }
}
