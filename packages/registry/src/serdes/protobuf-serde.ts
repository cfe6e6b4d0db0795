/**
 * Protobuf values of a topic: messages of one type of a registered schema, read with it from whatever version they were
 * written with, as Protobuf has it: by the numbers of their fields.
 */
import {
  create,
  createFileRegistry,
  type DescFile,
  type DescMessage,
  fromBinary,
  type Message,
  toBinary,
} from '@bufbuild/protobuf';
import type { Serde } from '@millrace/client';
import { readProtobuf } from '../formats/protobuf/protobuf-format.ts';
import { resolveReferences } from '../read-schema.ts';
import type { Registry } from '../registry.ts';
import type { SchemaText } from '../schema.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { splitMessageIndexes, withMessageIndexes } from './message-indexes.ts';
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

function fileOf(state: RegistryState, text: SchemaText): DescFile {
  const { root, imported } = readProtobuf(text.schema, resolveReferences(state, text));
  root.name = rootName;
  const registry = createFileRegistry(root, (path) => imported.get(path));
  return registry.getFile(rootName) as DescFile;
}

/** What a file is called that is only ever called by its id. */
const rootName = 'schema.proto';

function messageOf(file: DescFile, name: string): DescMessage | undefined {
  const find = (messages: readonly DescMessage[]): DescMessage | undefined => {
    for (const message of messages) {
      if (message.typeName === name) return message;
      const inner = find(message.nestedMessages);
      if (inner !== undefined) return inner;
    }
    return undefined;
  };
  return find(file.messages);
}

/** The way from the file to a message: the place of each type among those beside it. */
function indexesOf(type: DescMessage): number[] {
  const before = type.parent === undefined ? [] : indexesOf(type.parent);
  const siblings = type.parent === undefined ? type.file.proto.messageType : type.parent.proto.nestedType;
  return [...before, siblings.indexOf(type.proto)];
}

function messageAt(file: DescFile, indexes: readonly number[]): DescMessage | undefined {
  let protos = file.proto.messageType;
  const names: string[] = [];
  for (const index of indexes) {
    const proto = protos[index];
    if (proto === undefined) return undefined;
    names.push(proto.name);
    protos = proto.nestedType;
  }
  const scope = file.proto.package === '' ? '' : `${file.proto.package}.`;
  return messageOf(file, scope + names.join('.'));
}
