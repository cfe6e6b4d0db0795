/**
 * How keys and values become bytes and come back. A serde is synchronous and keeps no state, so one may serve any
 * number of topics, producers and consumers. What it throws reaches the user as `SerdeError`, with topic and offset.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';

/**
 * Turns values into bytes and back. `Input` is what may be written, `Output` what is read; they differ only where a
 * schema transforms (defaults, coercions).
 */
export interface Serde<Output, Input = Output> {
  /** A string is sent as UTF-8; null is no key, or a tombstone. The result is copied before `write` returns. */
  serialize(value: Input): Uint8Array | string | null;
  /** `bytes` is a view that is valid until the next batch: copy what is to be kept. */
  deserialize(bytes: Uint8Array | null): Output;
  /** When present it is called instead of `deserialize`, with the bytes read as UTF-8 and no view made in between. */
  deserializeText?(text: string | null): Output;
  /**
   * Names the form of the bytes, with a version where it has several. Who keeps bytes for longer than a process lives
   * (state of streams) compares it with the name that the bytes were written under.
   */
  readonly name?: string | undefined;
}

/**
 * Anything from which `topic()` makes a serde: a serde, or a Standard Schema validator, which means JSON and
 * validation.
 */
export type SerdeLike = Serde<unknown, never> | StandardSchemaV1;

/**
 * Bytes as they are; null stays null. A string is taken too, as UTF-8. What a topic has unless it names something else.
 */
export const bytes: Serde<Uint8Array | null, Uint8Array | string | null> = {
  serialize: (value) => value,
  deserialize: (value) => value,
  name: 'bytes',
};

/** UTF-8 text. Refuses null: wrap it in `nullable` where keys may be absent or values be tombstones. */
export const text: Serde<string> = {
  serialize: (value) => value ?? refuseNull(),
  deserialize: (value) => decodeText(value),
  deserializeText: (value) => value ?? refuseNull(),
  name: 'text',
};

/** Safe integers as 64 bits, two's complement, most significant byte first: what Kafka's `LongSerializer` writes. */
export const int64: Serde<number> = {
  serialize: (value) => {
    if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is no integer that a number holds exactly`);
    const target = Buffer.allocUnsafe(8);
    const high = Math.floor(value / 2 ** 32);
    target.writeInt32BE(high, 0);
    target.writeUInt32BE(value - high * 2 ** 32, 4);
    return target;
  },
  deserialize: (value) => {
    const view = eightBytes(value);
    const number = view.getInt32(0) * 2 ** 32 + view.getUint32(4);
    if (!Number.isSafeInteger(number))
      throw new TypeError('the integer is beyond 2^53 - 1, where numbers are not exact');
    return number;
  },
  name: 'int64',
};

/** Numbers as IEEE 754 doubles, most significant byte first: what Kafka's `DoubleSerializer` writes. */
export const float64: Serde<number> = {
  serialize: (value) => {
    const target = Buffer.allocUnsafe(8);
    target.writeDoubleBE(value);
    return target;
  },
  deserialize: (value) => eightBytes(value).getFloat64(0),
  name: 'float64',
};

/**
 * JSON as UTF-8, unchecked: `T` is the caller's promise. Give a validator instead where others write to the topic.
 * Refuses null.
 */
export function json<T>(): Serde<T> {
  return {
    serialize: (value) => JSON.stringify(value) ?? refuseUndefined(),
    deserialize: (value) => JSON.parse(decodeText(value)) as T,
    deserializeText: (value) => JSON.parse(value ?? refuseNull()) as T,
    name: 'json',
  };
}

/**
 * Lets null through, both ways, and leaves the rest to `serde`: for absent keys, and for tombstones of compacted
 * topics.
 */
export function nullable<Output, Input>(serde: Serde<Output, Input>): Serde<Output | null, Input | null> {
  const { deserializeText } = serde;
  const wrapped: Serde<Output | null, Input | null> = {
    serialize: (value) => (value === null ? null : serde.serialize(value)),
    deserialize: (value) => (value === null ? null : serde.deserialize(value)),
    name: serde.name,
  };
  if (deserializeText !== undefined) {
    wrapped.deserializeText = (value) => (value === null ? null : deserializeText.call(serde, value));
  }
  return wrapped;
}

/**
 * JSON checked by a Standard Schema validator (https://standardschema.dev) on both ways. What is written is the
 * validator's input, what is read its output. Validators that answer with a promise are refused when they do.
 */
export function validated<Input, Output>(schema: StandardSchemaV1<Input, Output>): Serde<Output, Input> {
  const read = (value: string): Output => validate(schema, JSON.parse(value));
  return {
    serialize: (value) => {
      validate(schema, value);
      return JSON.stringify(value) ?? refuseUndefined();
    },
    deserialize: (value) => read(decodeText(value)),
    deserializeText: (value) => read(value ?? refuseNull()),
    name: 'json',
  };
}

/** The serde that a `topic()` argument stands for. */
export function serdeOf(like: SerdeLike | undefined): Serde<unknown, unknown> {
  if (like === undefined) return bytes as Serde<unknown, unknown>;
  if ('~standard' in like) return validated(like as StandardSchemaV1);
  return like as Serde<unknown, unknown>;
}

function validate<Input, Output>(schema: StandardSchemaV1<Input, Output>, value: unknown): Output {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    throw new TypeError('the schema validates asynchronously; a serde needs one that answers at once');
  }
  if (result.issues === undefined) return result.value;
  throw new TypeError(result.issues.map(describeIssue).join('; '));
}

function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

function decodeText(value: Uint8Array | null): string {
  if (value === null) return refuseNull();
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
}

function eightBytes(value: Uint8Array | null): DataView {
  if (value === null) return refuseNull();
  if (value.length !== 8) throw new TypeError(`it has ${value.length} bytes where a number has 8`);
  return new DataView(value.buffer, value.byteOffset, 8);
}

function refuseNull(): never {
  throw new TypeError(
    'it is null, which this serde does not take; wrap the serde in nullable() if null is allowed here',
  );
}

function refuseUndefined(): never {
  throw new TypeError('undefined and functions have no JSON form');
}
