/**
 * Values that were written with registered schemas, as plain ones that can be looked into and written again with the
 * same schema: for tools that know no topic's type. Schemas are taken from what the registry has read.
 */
import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf';
import type { Registry } from '../registry.ts';
import type { SchemaText } from '../schema.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { avroType } from './avro-serde.ts';
import { splitMessageIndexes, withMessageIndexes } from './message-indexes.ts';
import { fileOf, messageAt } from './protobuf-types.ts';
import { splitSchemaId, withSchemaId } from './wire-format.ts';

export interface SchemaValue {
  /** Of Avro as avsc has it, bytes as buffers; of Protobuf as its JSON. */
  readonly value: unknown;
  /** Bytes of another value of the same schema; undefined for one that does not fit it. */
  write(value: unknown): Uint8Array | undefined;
}

export interface SchemaValues {
  /** Undefined for bytes that do not begin with the id of a known schema of Avro or Protobuf. */
  read(bytes: Uint8Array): SchemaValue | undefined;
}

type Reader = (payload: Buffer) => SchemaValue | undefined;

export function schemaValues(registry: Registry): SchemaValues {
  const readers = new Map<number, Reader>();
  return {
    read(bytes) {
      if (bytes[0] !== 0 || bytes.length < 5) return undefined;
      const { id, value } = splitSchemaId(bytes);
      const [found] = registry.known?.withId(id) ?? [];
      if (found === undefined || registry.known === undefined || found.schemaType === 'JSON') return undefined;
      const make = found.schemaType === 'AVRO' ? avroReader : protobufReader;
      const reader = readers.get(id) ?? make(id, registry.known, found);
      readers.set(id, reader);
      return reader(value);
    },
  };
}

function avroReader(id: number, state: RegistryState, text: SchemaText): Reader {
  const type = avroType(state, text);
  return (payload) => {
    const value = orUndefined(() => type.fromBuffer(payload));
    const write = (other: unknown) => (type.isValid(other) ? withSchemaId(id, type.toBuffer(other)) : undefined);
    return value && { value: value.it, write };
  };
}

function protobufReader(id: number, state: RegistryState, text: SchemaText): Reader {
  const file = fileOf(state, text);
  return (payload) => {
    const read = orUndefined(() => {
      const { indexes, message } = splitMessageIndexes(payload);
      const type = messageAt(file, indexes);
      // Fields that the schema lacks would pass unseen.
      return type && { type, indexes, value: toJson(type, fromBinary(type, message, { readUnknownFields: false })) };
    });
    if (read?.it === undefined) return undefined;
    const { type, indexes, value } = read.it;
    return {
      value,
      write(other) {
        const bytes = orUndefined(() => toBinary(type, fromJson(type, other as JsonValue)));
        return bytes && withSchemaId(id, withMessageIndexes(indexes, bytes.it));
      },
    };
  };
}

/** The libraries throw plain errors for bytes and values that do not fit, which is an answer here. */
function orUndefined<T>(read: () => T): { readonly it: T } | undefined {
  try {
    return { it: read() };
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
