/**
 * OpenTelemetry's `AnyValue` as plain values: a whole number is an integer on the wire and any other a double, so that
 * a double 5.0 comes back as the integer 5. Integers beyond 2^53 are bigint.
 */
import { type BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type Field, type FieldKind, field, requireWireType, within } from '../protobuf/field.ts';
import { appended, elementsFromJson, noElements } from '../protobuf/list-kinds.ts';
import { bool, double, text } from '../protobuf/scalar-kinds.ts';
import { depthMax, type WireReader } from '../protobuf/wire-reader.ts';
import { TelemetryError } from '../telemetry-error.ts';

/** null: a value that is there and empty. */
export type AnyValue = string | number | bigint | boolean | null | Uint8Array | readonly AnyValue[] | KeyValues;

/** `kvlistValue`: pairs in their order. Keys should differ, but nothing makes them. */
export class KeyValues {
  readonly pairs: readonly KeyValue[];

  constructor(pairs: readonly KeyValue[]) {
    this.pairs = pairs;
  }
}

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

/** Field numbers of `AnyValue` (common/v1/common.proto). */
const numbers = { string: 1, bool: 2, int: 3, double: 4, array: 5, list: 6, bytes: 7 } as const;
const elementsNumber = 1;

const anyValueKind: FieldKind<AnyValue> = {
  absent: null,
  read(reader, wireType, _before, limit) {
    requireWireType(wireType, WireType.LengthDelimited);
    return readNested(reader, limit, readAnyValue);
  },
  write(writer, number, value) {
    writer.tag(number, WireType.LengthDelimited).fork();
    writeAnyValue(writer, value);
    writer.join();
  },
  fromJson: (value) => anyValueFromJson(value, 0),
  toJson: anyValueToJson,
};

const keyValuesKind: FieldKind<readonly KeyValue[]> = {
  absent: noElements,
  read(reader, wireType, before, limit) {
    requireWireType(wireType, WireType.LengthDelimited);
    return appended(before, readNested(reader, limit, readKeyValue));
  },
  write(writer, number, value) {
    for (const each of value) {
      writer.tag(number, WireType.LengthDelimited).fork();
      writeKeyValue(writer, each);
      writer.join();
    }
  },
  fromJson: (value) => keyValuesFromJson(value, 0),
  toJson: (value) => (value.length === 0 ? undefined : value.map(keyValueToJson)),
};

/** A field that is a value of any kind. */
export function anyValue(number: number): Field<AnyValue> {
  return field(number, anyValueKind);
}

/** A field that is a list of pairs: attributes. */
export function keyValues(number: number): Field<readonly KeyValue[]> {
  return field(number, keyValuesKind);
}

function readNested<T>(reader: WireReader, limit: number, read: (reader: WireReader, end: number) => T): T {
  const end = reader.enter(limit);
  const value = read(reader, end);
  reader.leave(end);
  return value;
}

function readAnyValue(reader: WireReader, end: number): AnyValue {
  let value: AnyValue = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case (numbers.string << 3) | WireType.LengthDelimited:
        value = reader.string();
        break;
      case (numbers.bool << 3) | WireType.Varint:
        value = reader.bool();
        break;
      case (numbers.int << 3) | WireType.Varint:
        value = narrowed(BigInt(reader.int64()));
        break;
      case (numbers.double << 3) | WireType.Bit64:
        value = reader.double();
        break;
      case (numbers.array << 3) | WireType.LengthDelimited:
        value = readNested(reader, end, (inner, innerEnd) => readElements(inner, innerEnd, readAnyValue));
        break;
      case (numbers.list << 3) | WireType.LengthDelimited:
        value = readNested(
          reader,
          end,
          (inner, innerEnd) => new KeyValues(readElements(inner, innerEnd, readKeyValue)),
        );
        break;
      case (numbers.bytes << 3) | WireType.LengthDelimited:
        value = reader.bytes().slice();
        break;
      default:
        reader.skip((tag & 7) as WireType, tag >>> 3);
    }
  }
  return value;
}

function readElements<T>(reader: WireReader, end: number, read: (reader: WireReader, end: number) => T): readonly T[] {
  const elements: T[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === ((elementsNumber << 3) | WireType.LengthDelimited)) elements.push(readNested(reader, end, read));
    else reader.skip((tag & 7) as WireType, tag >>> 3);
  }
  return elements;
}

function readKeyValue(reader: WireReader, end: number): KeyValue {
  let key = '';
  let value: AnyValue = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === ((1 << 3) | WireType.LengthDelimited)) key = reader.string();
    else if (tag === ((2 << 3) | WireType.LengthDelimited)) value = readNested(reader, end, readAnyValue);
    else reader.skip((tag & 7) as WireType, tag >>> 3);
  }
  return { key, value };
}

function writeAnyValue(writer: BinaryWriter, value: AnyValue): void {
  if (value === null) return;
  if (typeof value === 'string') writer.tag(numbers.string, WireType.LengthDelimited).string(value);
  else if (typeof value === 'boolean') writer.tag(numbers.bool, WireType.Varint).bool(value);
  else if (isInteger(value)) writer.tag(numbers.int, WireType.Varint).int64(BigInt(value));
  else if (typeof value === 'number') writer.tag(numbers.double, WireType.Bit64).double(value);
  else if (value instanceof Uint8Array) writer.tag(numbers.bytes, WireType.LengthDelimited).bytes(value);
  else {
    const isList = value instanceof KeyValues;
    writer.tag(isList ? numbers.list : numbers.array, WireType.LengthDelimited).fork();
    for (const each of isList ? value.pairs : (value as readonly AnyValue[])) {
      writer.tag(elementsNumber, WireType.LengthDelimited).fork();
      if (isList) writeKeyValue(writer, each as KeyValue);
      else writeAnyValue(writer, each as AnyValue);
      writer.join();
    }
    writer.join();
  }
}

function writeKeyValue(writer: BinaryWriter, { key, value }: KeyValue): void {
  if (key !== '') writer.tag(1, WireType.LengthDelimited).string(key);
  writer.tag(2, WireType.LengthDelimited).fork();
  writeAnyValue(writer, value);
  writer.join();
}

function anyValueFromJson(json: unknown, depth: number): AnyValue {
  if (depth > depthMax) throw new TelemetryError('', `nests deeper than ${depthMax} levels; flatten it`);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new TelemetryError('', 'must be a value as {"stringValue": "..."}');
  }
  const given = json as Readonly<Record<string, unknown>>;
  for (const name of ['stringValue', 'boolValue', 'intValue', 'doubleValue', 'bytesValue'] as const) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    try {
      return scalarFromJson[name](value);
    } catch (error) {
      throw within(name, error);
    }
  }
  const { arrayValue, kvlistValue } = given as { arrayValue?: unknown; kvlistValue?: unknown };
  if (isObject(arrayValue)) {
    return at('arrayValue.values', () => {
      return elementsFromJson(arrayValue['values'] ?? [], (element) => anyValueFromJson(element, depth + 1));
    });
  }
  if (isObject(kvlistValue)) {
    return at('kvlistValue.values', () => new KeyValues(keyValuesFromJson(kvlistValue['values'] ?? [], depth + 1)));
  }
  return null;
}

const scalarFromJson = {
  stringValue: text.fromJson,
  boolValue: bool.fromJson,
  intValue: integerFromJson,
  doubleValue: double.fromJson,
  bytesValue(value: unknown): Uint8Array {
    if (typeof value !== 'string') throw new TelemetryError('', 'must be bytes in base64');
    return new Uint8Array(Buffer.from(value, 'base64'));
  },
} as const;

function integerFromJson(value: unknown): number | bigint {
  const isWhole = typeof value === 'string' ? /^-?\d{1,19}$/.test(value) : Number.isInteger(value);
  const integer = isWhole ? BigInt(value as string | number) : undefined;
  if (integer === undefined || BigInt.asIntN(64, integer) !== integer) {
    throw new TelemetryError('', 'must be a whole number of 64 bits');
  }
  return narrowed(integer);
}

function keyValuesFromJson(json: unknown, depth: number): readonly KeyValue[] {
  return elementsFromJson(json, (element) => {
    if (!isObject(element)) throw new TelemetryError('', 'must be a pair of key and value');
    const key = at('key', () => text.fromJson(element['key'] ?? ''));
    const given = element['value'];
    return {
      key,
      value: given === undefined || given === null ? null : at('value', () => anyValueFromJson(given, depth)),
    };
  });
}

function at<T>(step: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw within(step, error);
  }
}

function anyValueToJson(value: AnyValue): Record<string, unknown> {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (isInteger(value)) return { intValue: BigInt(value).toString() };
  if (typeof value === 'number') return { doubleValue: double.toJson(value) };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (value instanceof KeyValues) return { kvlistValue: { values: value.pairs.map(keyValueToJson) } };
  return { arrayValue: { values: (value as readonly AnyValue[]).map(anyValueToJson) } };
}

function keyValueToJson({ key, value }: KeyValue): Record<string, unknown> {
  return { key, value: anyValueToJson(value) };
}

function isInteger(value: AnyValue): value is number | bigint {
  return typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function narrowed(value: bigint): number | bigint {
  return value >= -BigInt(Number.MAX_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
