/**
 * Protobuf values of a topic: messages of one type of a registered schema, read with it from whatever version they were
 * written with, as Protobuf has it: by the numbers of their fields.
 */
import { create, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import type { Serde } from '@millrace/client';
import type { Registry } from '../registry.ts';
import { splitMessageIndexes, withMessageIndexes } from './message-indexes.ts';
import { fileOf, indexesOf, messageAt, messageOf } from './protobuf-types.ts';
import { splitSchemaId, withSchemaId } from './wire-format.ts';
import { refuseNull, registered, type SchemaSerdeOptions, writtenSchema } from './written-schema.ts';

export interface ProtobufSerdeOptions extends SchemaSerdeOptions {
  /** The full name of the values' type: `shop.Order`. Default: the first message of the schema. */
  readonly message?: string | undefined;
}

/**
 * Registers the schema, unless it is there, and answers the serde. Values are written from their fields, and read as
 * messages of `@bufbuild/protobuf`: 64-bit integers as bigint, `oneof`s as `{ case, value }`. Rejects as
 * `Registry.register` does, and with TypeError when there is no such message.
 */
export async function protobuf<T extends object>(
  registry: Registry,
  options: ProtobufSerdeOptions,
): Promise<Serde<T & Message, T>> {
  const { id, state, text } = await registered(registry, 'PROTOBUF', options);
  const file = fileOf(state, text);
  const type = options.message === undefined ? file.messages[0] : messageOf(file, options.message);
  if (type === undefined) {
    throw new TypeError(`the schema of ${options.subject} has no message ${options.message ?? 'at all'}`);
  }
  const indexes = indexesOf(type);
  /** Ids with the indexes behind them that were found to lead to this type. */
  const known = new Set([`${id} ${indexes}`]);
  const check = (written: number, at: readonly number[]): void => {
    const key = `${written} ${at}`;
    if (known.has(key)) return;
    const writer = writtenSchema(registry, written, 'PROTOBUF');
    const found = messageAt(fileOf(writer.state, writer.text), at);
    if (found?.typeName !== type.typeName) {
      throw new TypeError(
        `it is a ${found?.typeName ?? `message that schema ${written} lacks`}, not a ${type.typeName}`,
      );
    }
    known.add(key);
  };
  return {
    serialize: (value) => withSchemaId(id, withMessageIndexes(indexes, toBinary(type, create(type, value as never)))),
    deserialize(bytes) {
      const { id: written, value } = splitSchemaId(bytes ?? refuseNull());
      const { indexes: at, message } = splitMessageIndexes(value);
      check(written, at);
      return fromBinary(type, message) as T & Message;
    },
  };
}
