/**
 * Messages by their schema: plain objects out of Protobuf's bytes or its JSON, and back. Fields that nobody declared
 * are passed over, as the format asks for. Every declared field is there in what is read, absent ones with the value of
 * their kind, so that all messages of a schema have one shape.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { messageOf } from '@millrace/base';
import { TelemetryError } from '../telemetry-error.ts';
import { type Field, type FieldKind, requireWireType, within } from './field.ts';
import { appended, elementsFromJson, noElements } from './list-kinds.ts';
import { WireReader } from './wire-reader.ts';

// biome-ignore lint/suspicious/noExplicitAny: kinds are invariant in what they hold, and a schema mixes them.
export type Schema = Readonly<Record<string, Field<any>>>;

export type MessageOf<S extends Schema> = {
  readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never;
};

/** What a type reads. */
export type Message<T> = T extends MessageType<infer S> ? MessageOf<S> : never;

type Mutable = Record<string, unknown>;

export class MessageType<S extends Schema> {
  readonly #absent: Mutable = {};
  readonly #names: readonly string[];
  readonly #byNumber: (readonly [name: string, kind: FieldKind<unknown>] | undefined)[] = [];
  readonly #schema: S;

  constructor(schema: S) {
    this.#schema = schema;
    this.#names = Object.keys(schema);
    for (const [name, { number, kind }] of Object.entries(schema)) {
      this.#absent[name] = kind.absent;
      this.#byNumber[number] = [name, kind];
    }
  }

  /** A message with some of its fields. */
  of(fields: Partial<MessageOf<S>>): MessageOf<S> {
    return { ...this.#absent, ...fields } as MessageOf<S>;
  }

  /** @throws TelemetryError */
  decode(bytes: Uint8Array): MessageOf<S> {
    const reader = new WireReader(bytes);
    try {
      const message = this.read(reader, bytes.length);
      if (reader.pos !== bytes.length) throw new TelemetryError('', 'ends early: its last field is cut');
      return message;
    } catch (error) {
      if (error instanceof TelemetryError) throw error;
      // The reader of the wire format throws plain errors, for malformed bytes alone.
      throw new TelemetryError('', `is not valid Protobuf: ${messageOf(error)}`, { cause: error });
    }
  }

  encode(message: MessageOf<S>): Uint8Array {
    const writer = new BinaryWriter();
    this.write(writer, message);
    return writer.finish();
  }

  /** From a value of JSON. Names nobody declared are passed over. @throws TelemetryError */
  fromJson(value: unknown): MessageOf<S> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new TelemetryError('', 'must be an object');
    }
    const message: Mutable = { ...this.#absent };
    for (const name of this.#names) {
      const { kind, jsonName = name } = this.#schema[name] as Field<unknown>;
      const given = (value as Mutable)[jsonName];
      if (given === undefined || given === null || !Object.hasOwn(value, jsonName)) continue;
      try {
        message[name] = kind.fromJson(given);
      } catch (error) {
        throw within(jsonName, error);
      }
    }
    return message as MessageOf<S>;
  }

  /** A value for JSON.stringify. */
  toJson(message: MessageOf<S>): Record<string, unknown> {
    const json: Record<string, unknown> = {};
    for (const name of this.#names) {
      const { kind, jsonName = name } = this.#schema[name] as Field<unknown>;
      const value = kind.toJson((message as Mutable)[name]);
      if (value !== undefined) json[jsonName] = value;
    }
    return json;
  }

  /** Reads the fields up to `end`. */
  read(reader: WireReader, end: number): MessageOf<S> {
    const message: Mutable = { ...this.#absent };
    const byNumber = this.#byNumber;
    while (reader.pos < end) {
      const tag = reader.uint32();
      const number = tag >>> 3;
      const wireType = (tag & 7) as WireType;
      const known = byNumber[number];
      if (known !== undefined) {
        const name = known[0];
        message[name] = known[1].read(reader, wireType, message[name], end);
      } else {
        if (number === 0) throw new TelemetryError('', 'has a field with the number 0');
        reader.skip(wireType, number);
      }
    }
    return message as MessageOf<S>;
  }

  write(writer: BinaryWriter, message: MessageOf<S>): void {
    for (const name of this.#names) {
      const { number, kind } = this.#schema[name] as Field<unknown>;
      kind.write(writer, number, (message as Mutable)[name]);
    }
  }
}

/** A field that is a message, or undefined. */
export function messageKind<S extends Schema>(type: MessageType<S>): FieldKind<MessageOf<S> | undefined> {
  return {
    absent: undefined,
    read: (reader, wireType, _before, limit) => readNested(type, reader, wireType, limit),
    write(writer, number, value) {
      if (value !== undefined) writeNested(type, writer, number, value);
    },
    fromJson: (value) => type.fromJson(value),
    toJson: (value) => value && type.toJson(value),
  };
}

/** A field that is a list of messages. */
export function messagesKind<S extends Schema>(type: MessageType<S>): FieldKind<readonly MessageOf<S>[]> {
  return {
    absent: noElements,
    read: (reader, wireType, before, limit) => appended(before, readNested(type, reader, wireType, limit)),
    write(writer, number, value) {
      for (const each of value) writeNested(type, writer, number, each);
    },
    fromJson: (value) => elementsFromJson(value, (element) => type.fromJson(element)),
    toJson: (value) => (value.length === 0 ? undefined : value.map((each) => type.toJson(each))),
  };
}

function readNested<S extends Schema>(
  type: MessageType<S>,
  reader: WireReader,
  wireType: WireType,
  limit: number,
): MessageOf<S> {
  requireWireType(wireType, WireType.LengthDelimited);
  const end = reader.enter(limit);
  const message = type.read(reader, end);
  reader.leave(end);
  return message;
}

function writeNested<S extends Schema>(
  type: MessageType<S>,
  writer: BinaryWriter,
  number: number,
  value: MessageOf<S>,
): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  type.write(writer, value);
  writer.join();
}
