/**
 * A kind of field of a message: how it is read and written, in Protobuf's binary format and in its JSON mapping. A kind
 * knows neither the field's number nor its name.
 */
import type { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { TelemetryError } from '../telemetry-error.ts';
import type { WireReader } from './wire-reader.ts';

export interface FieldKind<T> {
  /** What a message has that does not have the field. A list may be shared: it is frozen. */
  readonly absent: T;
  /**
   * Reads one occurrence. `before` is what the message has of the field till now; a field that is not a list ends up
   * with its last occurrence. `limit` is where the message ends.
   */
  read(reader: WireReader, wireType: WireType, before: T, limit: number): T;
  /** Writes the field with its tag, or nothing where it is absent. */
  write(writer: BinaryWriter, number: number, value: T): void;
  /** From a value of JSON that is neither null nor undefined. Throws `TelemetryError`, its place within the field. */
  fromJson(value: unknown): T;
  /** For JSON; undefined leaves the field out. */
  toJson(value: T): unknown;
}

export interface Field<T> {
  readonly number: number;
  readonly kind: FieldKind<T>;
  /** The name in JSON, where the message here has another one. */
  readonly jsonName: string | undefined;
}

/** The field of a number. */
export function field<T>(number: number, kind: FieldKind<T>, jsonName?: string): Field<T> {
  return { number, kind, jsonName };
}

/** Refuses a wire type that the field has not. */
export function requireWireType(actual: WireType, expected: WireType): void {
  if (actual !== expected) throw new TelemetryError('', `has the wire type ${actual} where ${expected} belongs`);
}

/** `inner` happened at `step` of the place that it told. */
export function within(step: string, inner: unknown): unknown {
  if (!(inner instanceof TelemetryError)) return inner;
  const { place } = inner;
  const problem = inner.message.slice((place === '' ? 'the body' : place).length + 1);
  const joined = place === '' ? step : `${step}${place.startsWith('[') ? '' : '.'}${place}`;
  return new TelemetryError(joined, problem, { cause: inner.cause });
}
