/** Messages of a `.proto` file: fields, maps, oneofs, and what may stand within. */
import { create } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProto_ExtensionRangeSchema,
  DescriptorProto_ReservedRangeSchema,
  DescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  MessageOptionsSchema,
  OneofDescriptorProtoSchema,
  OneofOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { invalidSchema } from '../../registry-error.ts';
import { jsonNameOf } from './json-name.ts';
import { optionsOf, readOption, readOptionList, type WrittenOption } from './options.ts';
import { readEnum } from './parse-proto.ts';
import { readRange, readReserved } from './parse-ranges.ts';
import { scalarTypes } from './scalar-types.ts';
import type { TokenReader } from './tokens.ts';

const depthMax = 32;

const labels: Readonly<Record<string, FieldDescriptorProto_Label>> = {
  optional: FieldDescriptorProto_Label.OPTIONAL,
  required: FieldDescriptorProto_Label.REQUIRED,
  repeated: FieldDescriptorProto_Label.REPEATED,
};

export function readMessage(tokens: TokenReader, isProto3: boolean, depth: number): DescriptorProto {
  if (depth > depthMax) throw invalidSchema(`messages nest deeper than ${depthMax} levels`);
  const message = create(DescriptorProtoSchema, { name: tokens.word('the name of a message') });
  const options: WrittenOption[] = [];
  tokens.expect('{');
  while (!tokens.takeIf('}')) readMember(tokens, message, options, isProto3, depth);
  const own = optionsOf<NonNullable<DescriptorProto['options']>>(MessageOptionsSchema, options);
  if (own !== undefined) message.options = own;
  // Descriptors have the oneofs of optional fields after all others.
  for (const field of message.field) {
    if (!field.proto3Optional) continue;
    field.oneofIndex = message.oneofDecl.length;
    message.oneofDecl.push(create(OneofDescriptorProtoSchema, { name: `_${field.name}` }));
  }
  return message;
}

function readMember(
  tokens: TokenReader,
  message: DescriptorProto,
  options: WrittenOption[],
  isProto3: boolean,
  depth: number,
): void {
  if (tokens.takeIf(';')) return;
  if (tokens.takeIf('option')) {
    options.push(readOption(tokens));
    return tokens.expect(';');
  }
  if (tokens.takeIf('message')) return void message.nestedType.push(readMessage(tokens, isProto3, depth + 1));
  if (tokens.takeIf('enum')) return void message.enumType.push(readEnum(tokens));
  if (tokens.takeIf('extend')) return void message.extension.push(...readExtend(tokens, isProto3));
  if (tokens.takeIf('oneof')) return readOneof(tokens, message, isProto3);
  if (tokens.takeIf('reserved')) {
    const add = (start: number, end: number): void => {
      message.reservedRange.push(create(DescriptorProto_ReservedRangeSchema, { start, end: end + 1 }));
    };
    return readReserved(tokens, message.reservedName, add, 'field');
  }
  if (tokens.takeIf('extensions')) {
    do {
      const [start, end] = readRange(tokens, 'field');
      message.extensionRange.push(create(DescriptorProto_ExtensionRangeSchema, { start, end: end + 1 }));
    } while (tokens.takeIf(','));
    readOptionList(tokens);
    return tokens.expect(';');
  }
  if (tokens.next.text === 'map' && tokens.followedBy('<')) return readMap(tokens, message);
  message.field.push(readField(tokens, isProto3));
}

function readOneof(tokens: TokenReader, message: DescriptorProto, isProto3: boolean): void {
  const oneofIndex = message.oneofDecl.length;
  const oneof = create(OneofDescriptorProtoSchema, { name: tokens.word('the name of a oneof') });
  message.oneofDecl.push(oneof);
  const options: WrittenOption[] = [];
  tokens.expect('{');
  while (!tokens.takeIf('}')) {
    if (tokens.takeIf(';')) continue;
    if (tokens.takeIf('option')) {
      options.push(readOption(tokens));
      tokens.expect(';');
      continue;
    }
    const field = readField(tokens, isProto3);
    field.oneofIndex = oneofIndex;
    message.field.push(field);
  }
  const own = optionsOf<NonNullable<typeof oneof.options>>(OneofOptionsSchema, options);
  if (own !== undefined) oneof.options = own;
}

function readField(tokens: TokenReader, isProto3: boolean): FieldDescriptorProto {
  const label = tokens.followedBy('=') ? undefined : labels[tokens.next.text];
  const isOptional = label === FieldDescriptorProto_Label.OPTIONAL;
  if (label !== undefined) tokens.take();
  if (tokens.next.text === 'group') throw invalidSchema('groups are not supported; write a message in their place');
  const type = tokens.fullName('the type of a field');
  const field = finishField(tokens, type);
  field.label = label ?? FieldDescriptorProto_Label.OPTIONAL;
  if (isProto3 && isOptional) field.proto3Optional = true;
  return field;
}

/** `name = number [options];` */
function finishField(tokens: TokenReader, type: string): FieldDescriptorProto {
  const field = create(FieldDescriptorProtoSchema, { name: tokens.word('the name of a field') });
  field.jsonName = jsonNameOf(field.name);
  tokens.expect('=');
  field.number = tokens.integer('the number of a field');
  if (field.number < 1 || field.number > 536_870_911) throw invalidSchema(`field ${field.name} can't have that number`);
  const scalar = scalarTypes[type];
  if (scalar === undefined) field.typeName = type;
  else field.type = scalar;
  const written = readOptionList(tokens);
  const rest = written.filter(({ name: [first], kind, value }) => {
    if (first?.part === 'default' && !first.isExtension) field.defaultValue = value;
    else if (first?.part === 'json_name' && !first.isExtension && kind === 'text') field.jsonName = value;
    else return true;
    return false;
  });
  const own = optionsOf<NonNullable<FieldDescriptorProto['options']>>(FieldOptionsSchema, rest);
  if (own !== undefined) field.options = own;
  tokens.expect(';');
  return field;
}

/** A map is a repeated message of its own, with a key and a value. */
function readMap(tokens: TokenReader, message: DescriptorProto): void {
  tokens.expect('map');
  tokens.expect('<');
  const key = scalarTypes[tokens.word('the type of a key')];
  if (key === undefined) throw tokens.unexpected('the type of a key');
  tokens.expect(',');
  const value = tokens.fullName('the type of a value');
  tokens.expect('>');
  const field = finishField(tokens, `${value}`);
  const scalar = scalarTypes[value];
  const label = FieldDescriptorProto_Label.OPTIONAL;
  const entry = create(DescriptorProtoSchema, {
    name: `${camelCase(field.name)}Entry`,
    field: [
      create(FieldDescriptorProtoSchema, { name: 'key', jsonName: 'key', number: 1, label, type: key }),
      create(FieldDescriptorProtoSchema, {
        name: 'value',
        jsonName: 'value',
        number: 2,
        label,
        ...(scalar === undefined ? { typeName: value } : { type: scalar }),
      }),
    ],
    options: create(MessageOptionsSchema, { mapEntry: true }),
  });
  message.nestedType.push(entry);
  field.type = FieldDescriptorProto_Type.MESSAGE;
  field.typeName = entry.name;
  field.label = FieldDescriptorProto_Label.REPEATED;
  message.field.push(field);
}

export function readExtend(tokens: TokenReader, isProto3: boolean): FieldDescriptorProto[] {
  const extendee = tokens.fullName('the name of a message');
  const fields: FieldDescriptorProto[] = [];
  tokens.expect('{');
  while (!tokens.takeIf('}')) {
    if (tokens.takeIf(';')) continue;
    const field = readField(tokens, isProto3);
    field.extendee = extendee;
    fields.push(field);
  }
  return fields;
}

/** `first_name` as `FirstName`. */
function camelCase(name: string): string {
  return name.replaceAll(/(?:^|_)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase()).replaceAll('_', '');
}
