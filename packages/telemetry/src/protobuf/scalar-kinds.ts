/**
 * Fields of single numbers and texts. Those of proto3 are absent when they are 0 or empty; `optional` ones know the
 * difference. 64-bit counts are doubles here, exact to 2^53.
 */
import { type BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { TelemetryError } from '../telemetry-error.ts';
import { type FieldKind, requireWireType } from './field.ts';
import type { WireReader } from './wire-reader.ts';

/** How a single value is read and written, without a tag. */
export interface Scalar<T> {
  readonly wireType: WireType;
  readonly zero: T;
  read(reader: WireReader): T;
  write(writer: BinaryWriter, value: T): void;
  fromJson(value: unknown): T;
  toJson(value: T): unknown;
}

/** A field of proto3 without presence. */
export function plain<T>(scalar: Scalar<T>): FieldKind<T> {
  const { wireType, zero } = scalar;
  return {
    absent: zero,
    read(reader, actual) {
      requireWireType(actual, wireType);
      return scalar.read(reader);
    },
    write(writer, number, value) {
      if (value === zero) return;
      scalar.write(writer.tag(number, wireType), value);
    },
    fromJson: scalar.fromJson,
    toJson: (value) => (value === zero ? undefined : scalar.toJson(value)),
  };
}

/** A field that is undefined when it is absent: of a oneof, or marked `optional`. */
export function optional<T>(scalar: Scalar<T>): FieldKind<T | undefined> {
  const { wireType } = scalar;
  return {
    absent: undefined,
    read(reader, actual) {
      requireWireType(actual, wireType);
      return scalar.read(reader);
    },
    write(writer, number, value) {
      if (value !== undefined) scalar.write(writer.tag(number, wireType), value);
    },
    fromJson: scalar.fromJson,
    toJson: (value) => (value === undefined ? undefined : scalar.toJson(value)),
  };
}

export const double: Scalar<number> = {
  wireType: WireType.Bit64,
  zero: 0,
  read: (reader) => reader.double(),
  write: (writer, value) => void writer.double(value),
  fromJson: doubleFromJson,
  toJson: (value) => (Number.isFinite(value) ? value : String(value)),
};

/** fixed64 as a number: a count. */
export const fixedCount: Scalar<number> = {
  wireType: WireType.Bit64,
  zero: 0,
  read: (reader) => reader.fixed64Number(),
  write: (writer, value) => void writer.fixed64(BigInt(value)),
  fromJson: (value) => integerFromJson(value, 0, 2 ** 64),
  toJson: (value) => BigInt(value).toString(),
};

/** sfixed64 as a number. */
export const fixedInteger: Scalar<number> = {
  wireType: WireType.Bit64,
  zero: 0,
  read: (reader) => reader.sfixed64Number(),
  write: (writer, value) => void writer.sfixed64(BigInt(value)),
  fromJson: (value) => integerFromJson(value, -(2 ** 63), 2 ** 63),
  toJson: (value) => BigInt(value).toString(),
};

/** fixed64 of nanoseconds since 1970 as whole milliseconds. */
export const nanosAsMs: Scalar<number> = {
  wireType: WireType.Bit64,
  zero: 0,
  read: (reader) => reader.nanosAsMs(),
  write: (writer, value) => void writer.fixed64(BigInt(value) * 1_000_000n),
  fromJson: (value) => Number(unsignedFromJson(value) / 1_000_000n),
  toJson: (value) => (BigInt(value) * 1_000_000n).toString(),
};

/** fixed64 of nanoseconds since 1970, exactly. */
export const nanos: Scalar<bigint> = {
  wireType: WireType.Bit64,
  zero: 0n,
  read: (reader) => BigInt(reader.fixed64()),
  write: (writer, value) => void writer.fixed64(value),
  fromJson: unsignedFromJson,
  toJson: String,
};

export const uint32: Scalar<number> = {
  wireType: WireType.Varint,
  zero: 0,
  read: (reader) => reader.uint32(),
  write: (writer, value) => void writer.uint32(value),
  fromJson: (value) => integerFromJson(value, 0, 2 ** 32 - 1),
  toJson: (value) => value,
};

/** fixed32. */
export const fixed32: Scalar<number> = {
  ...uint32,
  wireType: WireType.Bit32,
  read: (reader) => reader.fixed32(),
  write: (writer, value) => void writer.fixed32(value),
};

/** int32, and enums. */
export const int32: Scalar<number> = {
  wireType: WireType.Varint,
  zero: 0,
  read: (reader) => reader.int32(),
  write: (writer, value) => void writer.int32(value),
  fromJson: (value) => integerFromJson(value, -(2 ** 31), 2 ** 31 - 1),
  toJson: (value) => value,
};

export const sint32: Scalar<number> = {
  ...int32,
  read: (reader) => reader.sint32(),
  write: (writer, value) => void writer.sint32(value),
};

/** int64 as a number. */
export const int64: Scalar<number> = {
  wireType: WireType.Varint,
  zero: 0,
  read: (reader) => reader.int64Number(),
  write: (writer, value) => void writer.int64(BigInt(value)),
  fromJson: fixedInteger.fromJson,
  toJson: fixedInteger.toJson,
};

/** uint64 as a number. */
export const uint64: Scalar<number> = {
  wireType: WireType.Varint,
  zero: 0,
  read: (reader) => reader.uint64Number(),
  write: (writer, value) => void writer.uint64(BigInt(value)),
  fromJson: fixedCount.fromJson,
  toJson: fixedCount.toJson,
};

/** sint64 as a number. */
export const sint64: Scalar<number> = {
  ...int64,
  read: (reader) => Number(reader.sint64()),
  write: (writer, value) => void writer.sint64(BigInt(value)),
};

export const bool: Scalar<boolean> = {
  wireType: WireType.Varint,
  zero: false,
  read: (reader) => reader.bool(),
  write: (writer, value) => void writer.bool(value),
  fromJson(value) {
    if (typeof value !== 'boolean') throw new TelemetryError('', 'must be true or false');
    return value;
  },
  toJson: (value) => value,
};

export const text: Scalar<string> = {
  wireType: WireType.LengthDelimited,
  zero: '',
  read: (reader) => reader.string(),
  write: (writer, value) => void writer.string(value),
  fromJson(value) {
    if (typeof value !== 'string') throw new TelemetryError('', 'must be a text');
    return value;
  },
  toJson: (value) => value,
};

/** Bytes as lower-case hex, which is how OTLP writes ids in JSON. */
export const hexId: Scalar<string> = {
  wireType: WireType.LengthDelimited,
  zero: '',
  read: (reader) => Buffer.from(reader.bytes()).toString('hex'),
  write: (writer, value) => void writer.bytes(Buffer.from(value, 'hex')),
  fromJson(value) {
    if (typeof value !== 'string' || !/^(?:[0-9a-f]{2})*$/i.test(value)) {
      throw new TelemetryError('', 'must be an id in hexadecimal digits');
    }
    return value.toLowerCase();
  },
  toJson: (value) => value,
};

function doubleFromJson(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
  if (typeof value === 'string' && value.trim() === value && value !== '' && Number.isFinite(Number(value))) {
    return Number(value);
  }
  throw new TelemetryError('', 'must be a number');
}

function integerFromJson(value: unknown, least: number, most: number): number {
  const number = typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most) {
    throw new TelemetryError('', `must be a whole number from ${least} to ${most}`);
  }
  return number;
}

function unsignedFromJson(value: unknown): bigint {
  const isWhole = typeof value === 'string' ? /^\d{1,20}$/.test(value) : Number.isInteger(value);
  const number = isWhole ? BigInt(value as string | number) : -1n;
  if (number < 0n || number >= 2n ** 64n)
    throw new TelemetryError('', 'must be a whole number of 64 bits without sign');
  return number;
}
