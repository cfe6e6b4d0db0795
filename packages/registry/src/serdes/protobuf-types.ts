/** Types of messages in a registered Protobuf schema, and the way to each of them. */
import { createFileRegistry, type DescFile, type DescMessage } from '@bufbuild/protobuf';
import { readProtobuf } from '../formats/protobuf/protobuf-format.ts';
import { resolveReferences } from '../read-schema.ts';
import type { SchemaText } from '../schema.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** The file of a schema, with those that it builds on. */
export function fileOf(state: RegistryState, text: SchemaText): DescFile {
  const { root, imported } = readProtobuf(text.schema, resolveReferences(state, text));
  root.name = rootName;
  const registry = createFileRegistry(root, (path) => imported.get(path));
  return registry.getFile(rootName) as DescFile;
}

/** What a file is called that is only ever called by its id. */
const rootName = 'schema.proto';

/** The type of a full name. */
export function messageOf(file: DescFile, name: string): DescMessage | undefined {
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
export function indexesOf(type: DescMessage): number[] {
  const before = type.parent === undefined ? [] : indexesOf(type.parent);
  const siblings = type.parent === undefined ? type.file.proto.messageType : type.parent.proto.nestedType;
  return [...before, siblings.indexOf(type.proto)];
}

/** The type that indexes lead to. */
export function messageAt(file: DescFile, indexes: readonly number[]): DescMessage | undefined {
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
