/** Fields that are lists of numbers or texts; numbers are read packed or one by one, and written packed. */
import { WireType } from '@bufbuild/protobuf/wire';
import { TelemetryError } from '../telemetry-error.ts';
import { type FieldKind, requireWireType, within } from './field.ts';
import type { Scalar } from './scalar-kinds.ts';

/** What all messages without an element share. */
export const noElements: readonly never[] = Object.freeze([]);

/** A list with one more element; `before` is changed unless it is the shared empty one. */
export function appended<T>(before: readonly T[], value: T): readonly T[] {
  if (before.length === 0) return [value];
  (before as T[]).push(value);
  return before;
}

export function listOf<T>(scalar: Scalar<T>): FieldKind<readonly T[]> {
  const isText = scalar.wireType === WireType.LengthDelimited;
  return {
    absent: noElements,
    read(reader, actual, before, limit) {
      if (isText || actual !== WireType.LengthDelimited) {
        requireWireType(actual, scalar.wireType);
        return appended(before, scalar.read(reader));
      }
      const end = reader.enter(limit);
      const list = before.length === 0 ? [] : (before as T[]);
      while (reader.pos < end) list.push(scalar.read(reader));
      reader.leave(end);
      return list;
    },
    write(writer, number, value) {
      if (value.length === 0) return;
      if (isText) for (const each of value) scalar.write(writer.tag(number, scalar.wireType), each);
      else {
        writer.tag(number, WireType.LengthDelimited).fork();
        for (const each of value) scalar.write(writer, each);
        writer.join();
      }
    },
    fromJson: (value) => elementsFromJson(value, scalar.fromJson),
    toJson: (value) => (value.length === 0 ? undefined : value.map(scalar.toJson)),
  };
}

export function elementsFromJson<T>(value: unknown, fromJson: (element: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw new TelemetryError('', 'must be a list');
  let index = 0;
  try {
    const list: T[] = [];
    for (; index < value.length; index++) list.push(fromJson(value[index]));
    return list;
  } catch (error) {
    throw within(`[${index}]`, error);
  }
}
