/** Finds what the names of types in a file mean, by the rules of scopes: in its own file and those that it imports. */
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import { invalidSchema } from '../../registry-error.ts';

type Kind = 'message' | 'enum';

/** Kinds of types by their full names, each with a dot before it. */
export type TypeNames = Map<string, Kind>;

/** Packages of schemas that everybody has and that are not looked into. */
const opaque = /^\.?(?:google\.(?:type|api|rpc)|confluent)\./;

/** Adds the types of a file. */
export function addTypes(file: FileDescriptorProto, names: TypeNames): void {
  const scope = scopeOf(file);
  for (const type of file.enumType) define(names, `${scope}.${type.name}`, 'enum');
  for (const type of file.messageType) addMessage(type, scope, names);
}

function addMessage(message: DescriptorProto, scope: string, names: TypeNames): void {
  const name = `${scope}.${message.name}`;
  define(names, name, 'message');
  for (const type of message.enumType) define(names, `${name}.${type.name}`, 'enum');
  for (const type of message.nestedType) addMessage(type, name, names);
}

function define(names: TypeNames, name: string, kind: Kind): void {
  if (names.has(name)) throw invalidSchema(`${name.slice(1)} is defined twice`);
  names.set(name, kind);
}

/** Makes the names of types in a file full. @throws RegistryError `invalid_schema` for a name that means nothing. */
export function resolveTypes(file: FileDescriptorProto, names: TypeNames): void {
  const scope = scopeOf(file);
  for (const field of file.extension) resolveField(field, scope, names);
  for (const message of file.messageType) resolveMessage(message, scope, names);
  for (const { method } of file.service) {
    for (const each of method) {
      each.inputType = resolved(each.inputType, scope, names);
      each.outputType = resolved(each.outputType, scope, names);
    }
  }
}

function resolveMessage(message: DescriptorProto, outer: string, names: TypeNames): void {
  const scope = `${outer}.${message.name}`;
  for (const field of [...message.field, ...message.extension]) resolveField(field, scope, names);
  for (const inner of message.nestedType) resolveMessage(inner, scope, names);
  const numbers = new Set<number>();
  const fieldNames = new Set<string>();
  for (const { name, number } of message.field) {
    if (numbers.has(number)) throw invalidSchema(`message ${message.name} has the field number ${number} twice`);
    if (fieldNames.has(name)) throw invalidSchema(`message ${message.name} has the field ${name} twice`);
    numbers.add(number);
    fieldNames.add(name);
  }
}

function resolveField(field: FieldDescriptorProto, scope: string, names: TypeNames): void {
  if (field.extendee !== '') field.extendee = resolved(field.extendee, scope, names);
  if (field.typeName === '') return;
  field.typeName = resolved(field.typeName, scope, names);
  const isEnum = names.get(field.typeName) === 'enum' || field.type === FieldDescriptorProto_Type.ENUM;
  field.type = isEnum ? FieldDescriptorProto_Type.ENUM : FieldDescriptorProto_Type.MESSAGE;
}

function resolved(name: string, scope: string, names: TypeNames): string {
  if (name.startsWith('.')) {
    if (names.has(name) || opaque.test(name)) return name;
    throw unknown(name);
  }
  for (let at = scope; ; at = at.slice(0, at.lastIndexOf('.'))) {
    if (names.has(`${at}.${name}`)) return `${at}.${name}`;
    if (at === '') break;
  }
  if (opaque.test(name)) return `.${name}`;
  throw unknown(name);
}

function unknown(name: string) {
  return invalidSchema(`the type ${name} is not defined here, nor in a file that is imported and referred to`);
}

function scopeOf(file: FileDescriptorProto): string {
  return file.package === '' ? '' : `.${file.package}`;
}
