/**
 * Whether data written with one Protobuf schema can be read with another: rules and names of findings are those of
 * Confluent's registry, which look at the wire and at generated code (a message may not go, a field may). Types of
 * other files are compared by name.
 */
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import type { Incompatibility } from '../../schema.ts';

/** Types that are written alike, so that one may be read as another. */
const wireKinds: readonly (readonly Type[])[] = [
  [Type.INT32, Type.INT64, Type.UINT32, Type.UINT64, Type.BOOL, Type.ENUM],
  [Type.SINT32, Type.SINT64],
  [Type.STRING, Type.BYTES],
  [Type.FIXED32, Type.SFIXED32],
  [Type.FIXED64, Type.SFIXED64],
];

/** Everything that stands in the way; empty when all data can be read. */
export function protobufIncompatibilities(reader: FileDescriptorProto, writer: FileDescriptorProto): Incompatibility[] {
  const packages = [prefixOf(reader), prefixOf(writer)] as const;
  return compareMessages(reader.messageType, writer.messageType, '#', packages);
}

type Packages = readonly [reader: string, writer: string];

function compareMessages(
  readers: readonly DescriptorProto[],
  writers: readonly DescriptorProto[],
  path: string,
  packages: Packages,
): Incompatibility[] {
  return writers.flatMap((writer) => {
    const at = `${path}/${writer.name}`;
    const reader = readers.find(({ name }) => name === writer.name);
    // The entry of a map goes and comes with its field.
    if (reader === undefined) return writer.options?.mapEntry === true ? [] : [finding('MESSAGE_REMOVED', at)];
    return [
      ...compareFields(reader, writer, at, packages),
      ...compareOneofs(reader, writer, at),
      ...compareMessages(reader.nestedType, writer.nestedType, at, packages),
    ];
  });
}

function compareFields(
  reader: DescriptorProto,
  writer: DescriptorProto,
  path: string,
  packages: Packages,
): Incompatibility[] {
  const numbers = new Set([...reader.field, ...writer.field].map(({ number }) => number));
  return [...numbers].flatMap((number) => {
    const at = `${path}/${number}`;
    const mine = reader.field.find((field) => field.number === number);
    const its = writer.field.find((field) => field.number === number);
    if (mine === undefined) return its?.label === Label.REQUIRED ? [finding('REQUIRED_FIELD_REMOVED', at)] : [];
    if (its === undefined) return mine.label === Label.REQUIRED ? [finding('REQUIRED_FIELD_ADDED', at)] : [];
    return compareField(mine, its, at, packages);
  });
}

function compareField(
  reader: FieldDescriptorProto,
  writer: FieldDescriptorProto,
  path: string,
  [ofReader, ofWriter]: Packages,
): Incompatibility[] {
  const [isNamed, wasNamed] = [reader.type === Type.MESSAGE, writer.type === Type.MESSAGE];
  if (isNamed !== wasNamed) return [finding('FIELD_KIND_CHANGED', path)];
  if (isNamed) {
    const isSame = relative(reader.typeName, ofReader) === relative(writer.typeName, ofWriter);
    return isSame ? [] : [finding('FIELD_NAMED_TYPE_CHANGED', path)];
  }
  const isAlike =
    reader.type === writer.type || wireKinds.some((kind) => kind.includes(reader.type) && kind.includes(writer.type));
  if (!isAlike) return [finding('FIELD_SCALAR_KIND_CHANGED', path)];
  const isText = reader.type === Type.STRING || reader.type === Type.BYTES;
  const isTurned = (reader.label === Label.REPEATED) !== (writer.label === Label.REPEATED);
  return isTurned && !isText ? [finding('FIELD_NUMERIC_LABEL_CHANGED', path)] : [];
}

/** A field that was by itself may become a oneof of one; more, or an existing oneof, would drop what was written. */
function compareOneofs(reader: DescriptorProto, writer: DescriptorProto, path: string): Incompatibility[] {
  const [ofReader, ofWriter] = [oneofsOf(reader), oneofsOf(writer)];
  const found: Incompatibility[] = [];
  for (const [name, numbers] of ofReader) {
    const before = ofWriter.get(name);
    const moved = [...numbers].filter(
      (number) => before?.has(number) !== true && writer.field.some((field) => field.number === number),
    );
    if (before === undefined && moved.length > 1)
      found.push(finding('MULTIPLE_FIELDS_MOVED_TO_ONEOF', `${path}/${name}`));
    if (before !== undefined && moved.length > 0)
      found.push(finding('FIELD_MOVED_TO_EXISTING_ONEOF', `${path}/${name}`));
  }
  for (const [name, numbers] of ofWriter) {
    const now = ofReader.get(name);
    if (now === undefined) continue;
    for (const number of numbers) {
      if (!now.has(number)) found.push(finding('ONEOF_FIELD_REMOVED', `${path}/${name}/${number}`));
    }
  }
  return found;
}

function oneofsOf(message: DescriptorProto): Map<string, Set<number>> {
  const oneofs = new Map<string, Set<number>>();
  for (const field of message.field) {
    if (!Object.hasOwn(field, 'oneofIndex') || field.proto3Optional) continue;
    const name = message.oneofDecl[field.oneofIndex]?.name ?? '';
    oneofs.set(name, (oneofs.get(name) ?? new Set()).add(field.number));
  }
  return oneofs;
}

function prefixOf(file: FileDescriptorProto): string {
  return file.package === '' ? '.' : `.${file.package}.`;
}

/** A package may change its name: types of its own are told by the rest of theirs. */
function relative(typeName: string, prefix: string): string {
  return typeName.startsWith(prefix) ? typeName.slice(prefix.length) : typeName;
}

const descriptions: Readonly<Record<string, (reader: string, writer: string, path: string) => string>> = {
  MESSAGE_REMOVED: (reader, writer, path) =>
    `The ${reader} schema is missing a message at path '${path}' of the ${writer} schema`,
  FIELD_KIND_CHANGED: (reader, writer, path) =>
    `The type of a field at path '${path}' in the ${reader} schema does not match the ${writer} schema`,
  FIELD_SCALAR_KIND_CHANGED: (reader, writer, path) =>
    `The kind of a SCALAR field at path '${path}' in the ${reader} schema does not match its kind in the ` +
    `${writer} schema`,
  FIELD_NAMED_TYPE_CHANGED: (reader, writer, path) =>
    `The type of a MESSAGE field at path '${path}' in the ${reader} schema does not match its type in the ` +
    `${writer} schema`,
  FIELD_NUMERIC_LABEL_CHANGED: (reader, writer, path) =>
    `The label of a numeric field at path '${path}' in the ${reader} schema does not match its label in the ` +
    `${writer} schema`,
  REQUIRED_FIELD_ADDED: (reader, writer, path) =>
    `The ${reader} schema has a required field at path '${path}' that is missing in the ${writer} schema`,
  REQUIRED_FIELD_REMOVED: (reader, writer, path) =>
    `The ${reader} schema is missing a required field at path '${path}' of the ${writer} schema`,
  ONEOF_FIELD_REMOVED: (reader, writer, path) =>
    `The ${reader} schema is missing a field of a oneof at path '${path}' of the ${writer} schema`,
  MULTIPLE_FIELDS_MOVED_TO_ONEOF: (reader, writer, path) =>
    `The ${reader} schema has a oneof at path '${path}' with several fields that stand by themselves in the ` +
    `${writer} schema`,
  FIELD_MOVED_TO_EXISTING_ONEOF: (reader, writer, path) =>
    `The ${reader} schema has a field in the oneof at path '${path}' that is outside of it in the ${writer} schema`,
};

function finding(errorType: string, path: string): Incompatibility {
  return {
    errorType,
    describe: (reader, writer) => descriptions[errorType]?.(reader, writer, path) ?? `${errorType} at '${path}'`,
  };
}
