/** Protobuf schemas, as the registry reads them: `.proto` text, or a file descriptor in base64, as some clients do. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { messageOf } from '@millrace/base';
import { invalidSchema } from '../../registry-error.ts';
import type { ParsedSchema, ResolvedReference, SchemaFormat } from '../../schema.ts';
import { parseProto } from './parse-proto.ts';
import { printProto } from './print-proto.ts';
import { protobufIncompatibilities } from './protobuf-compatibility.ts';
import { addTypes, resolveTypes, type TypeNames } from './resolve-types.ts';
import { wellKnownFile } from './well-known-files.ts';

class ProtobufSchema implements ParsedSchema {
  readonly schemaType = 'PROTOBUF';
  readonly canonical: string;
  readonly #file: FileDescriptorProto;

  constructor(file: FileDescriptorProto) {
    this.#file = file;
    this.canonical = printProto(file, { sorts: false });
  }

  get normalized(): string {
    return printProto(this.#file, { sorts: true });
  }

  reads(writer: ParsedSchema) {
    if (writer instanceof ProtobufSchema) return protobufIncompatibilities(this.#file, writer.#file);
    throw new TypeError(`a Protobuf schema is not compared with one of type ${writer.schemaType}`);
  }

  /** `serialized`: the descriptor in base64. */
  formatted(format: string): string | undefined {
    if (format !== 'serialized') return undefined;
    return Buffer.from(toBinary(FileDescriptorProtoSchema, this.#file)).toString('base64');
  }
}

export const protobufFormat: SchemaFormat = {
  schemaType: 'PROTOBUF',
  parse: (schema, references) => new ProtobufSchema(readProtobuf(schema, references).root),
};

/** A file, and those that it builds on by their paths; what is known by name alone is among them as empty files. */
export interface ProtobufFiles {
  readonly root: FileDescriptorProto;
  readonly imported: ReadonlyMap<string, FileDescriptorProto>;
}

/** Names of types in them are full. @throws RegistryError `invalid_schema` */
export function readProtobuf(schema: string, references: readonly ResolvedReference[]): ProtobufFiles {
  const names: TypeNames = new Map();
  const imported = new Map<string, FileDescriptorProto>();
  const read = (text: string, named: string | undefined): FileDescriptorProto => {
    const file = readFile(text);
    for (const path of file.dependency) addImport(path, named);
    addTypes(file, names);
    resolveTypes(file, names);
    return file;
  };
  const addImport = (path: string, from: string | undefined): void => {
    if (imported.has(path)) return;
    const file = wellKnownFile(path);
    if (file === undefined) {
      throw invalidSchema(`${from ?? 'it'} imports ${JSON.stringify(path)}, which is not among the references`);
    }
    imported.set(path, file ?? create(FileDescriptorProtoSchema, { name: path }));
    if (file === null) return;
    for (const dependency of file.dependency) addImport(dependency, path);
    addTypes(file, names);
  };
  for (const { name, schema: text } of references) {
    const file = read(text, name);
    file.name = name;
    imported.set(name, file);
  }
  return { root: read(schema, undefined), imported };
}

function readFile(text: string): FileDescriptorProto {
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) return parseProto(text);
  try {
    return fromBinary(FileDescriptorProtoSchema, Buffer.from(text, 'base64'));
  } catch (error) {
    throw invalidSchema(`it is neither .proto text nor a descriptor in base64: ${messageOf(error)}`, error);
  }
}
