/**
 * Encodes and decodes by walking the schema at every message. Slow and plain: the oracle that the compiled codecs are
 * tested against, and what is used where the process may not generate code (`--disallow-code-generation-from-strings`).
 */
import type { Field, Fields, Primitive } from '../schema.ts';
import { WireError } from '../wire-error.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { bytesMinOf, defaultOf, isDefault, layoutOf, readMethod, type Slot, writeMethod } from './layout.ts';

type Struct = Record<string, unknown>;

/** Decodes a struct of `fields` as it is at `version`. */
export function interpretDecode(fields: Fields, version: number, flexible: boolean, reader: ByteReader): Struct {
  const slots = layoutOf(fields, version, flexible);
  const struct: Struct = {};
  for (const slot of slots) {
    struct[slot.name] = slot.place === 'plain' ? decodeField(slot, version, flexible, reader) : defaultOf(slot.field);
  }
  if (!flexible) return struct;
  for (let left = reader.tagCount(); left > 0; left--) {
    const tag = reader.uvarint();
    const length = reader.uvarint();
    const end = reader.position + length;
    const slot = slots.find((candidate) => candidate.place === 'tagged' && candidate.field.tag === tag);
    if (slot === undefined) reader.skip(length);
    else struct[slot.name] = decodeField(slot, version, flexible, reader);
    reader.expectPosition(end);
  }
  return struct;
}

/**
 * Encodes a struct of `fields` as it is at `version`; fields left out hold their default. A value that the version has
 * no place for is refused if `strict` and the field is not ignorable, else dropped: a request that can't say what it
 * means must fail, but an answer tells a client of an older version what that version knows.
 */
export function interpretEncode(
  fields: Fields,
  version: number,
  flexible: boolean,
  strict: boolean,
  writer: ByteWriter,
  struct: Struct,
): void {
  const tagged: Slot[] = [];
  for (const slot of layoutOf(fields, version, flexible)) {
    const value = struct[slot.name];
    if (slot.place === 'absent') {
      if (strict && !slot.field.ignorable && !isDefault(slot.field, value)) throw unsupportedField(slot.name, version);
    } else if (slot.place === 'plain') {
      encodeField(slot, version, flexible, strict, writer, value === undefined ? defaultOf(slot.field) : value);
    } else if (!isDefault(slot.field, value)) tagged.push(slot);
  }
  if (!flexible) return;
  writer.uvarint(tagged.length);
  for (const slot of tagged.sort((left, right) => (left.field.tag as number) - (right.field.tag as number))) {
    writer.tagged(slot.field.tag as number, (inner) => {
      encodeField(slot, version, flexible, strict, inner, struct[slot.name]);
    });
  }
}

/** The error for a value that the version has no place for. */
export function unsupportedField(name: string, version: number): WireError {
  return new WireError('unsupported_version', `field ${name} can't be sent in version ${version} of its message`);
}

/** The error for a null that the version has no form for. */
export function unsupportedNull(name: string, version: number): WireError {
  return new WireError('unencodable_value', `field ${name} must not be null in version ${version} of its message`);
}

function decodeField(slot: Slot, version: number, flexible: boolean, reader: ByteReader): unknown {
  const { field, nullable, compact } = slot;
  if (field.type === 'struct') {
    if (nullable && reader.int8() < 0) return null;
    return interpretDecode(field.fields, version, flexible, reader);
  }
  if (field.type !== 'array') return callReader(reader, readMethod(field.type, nullable, compact));
  const lengthMethod = `${compact ? 'compact' : ''}${nullable ? 'Nullable' : ''}ArrayLength`;
  const method = lengthMethod.replace(/^[A-Z]/, (letter) => letter.toLowerCase());
  const length = callReader(reader, method, bytesMinOf(field.of, version, flexible)) as number;
  if (length < 0) return null;
  const elements: unknown[] = [];
  for (let index = 0; index < length; index++) elements.push(decodeElement(field.of, version, flexible, reader));
  return elements;
}

function decodeElement(of: Primitive | Fields, version: number, flexible: boolean, reader: ByteReader): unknown {
  if (typeof of === 'string') return callReader(reader, readMethod(of, false, flexible));
  return interpretDecode(of, version, flexible, reader);
}

function encodeField(
  slot: Slot,
  version: number,
  flexible: boolean,
  strict: boolean,
  writer: ByteWriter,
  value: unknown,
): void {
  const { field, nullable, compact } = slot;
  if (value === null && !nullable) throw unsupportedNull(slot.name, version);
  if (field.type === 'struct') {
    if (nullable) writer.int8(value === null ? -1 : 1);
    if (value !== null) interpretEncode(field.fields, version, flexible, strict, writer, value as Struct);
  } else if (field.type === 'array') {
    encodeArray(field, version, flexible, strict, compact, writer, value as readonly unknown[] | null);
  } else callWriter(writer, writeMethod(field.type, nullable, compact), value);
}

function encodeArray(
  field: Extract<Field, { type: 'array' }>,
  version: number,
  flexible: boolean,
  strict: boolean,
  compact: boolean,
  writer: ByteWriter,
  elements: readonly unknown[] | null,
): void {
  const length = elements === null ? -1 : elements.length;
  if (compact) writer.uvarint(length + 1);
  else writer.int32(length);
  for (const element of elements ?? []) {
    if (typeof field.of === 'string') callWriter(writer, writeMethod(field.of, false, flexible), element);
    else interpretEncode(field.of, version, flexible, strict, writer, element as Struct);
  }
}

function callReader(reader: ByteReader, method: string, argument?: number): unknown {
  return (reader as unknown as Record<string, (argument?: number) => unknown>)[method]?.(argument);
}

function callWriter(writer: ByteWriter, method: string, value: unknown): void {
  (writer as unknown as Record<string, (value: unknown) => void>)[method]?.(value);
}
