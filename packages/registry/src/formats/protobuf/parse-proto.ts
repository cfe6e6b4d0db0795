/**
 * Reads a `.proto` file (proto2, proto3, editions) into a descriptor. Names of types stay as they were written, to be
 * resolved once all files are there. Groups, which proto2 has deprecated, are refused.
 */
import { create } from '@bufbuild/protobuf';
import {
  Edition,
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  EnumOptionsSchema,
  EnumValueDescriptorProtoSchema,
  EnumValueOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileOptionsSchema,
  MethodDescriptorProtoSchema,
  MethodOptionsSchema,
  type ServiceDescriptorProto,
  ServiceDescriptorProtoSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { invalidSchema } from '../../registry-error.ts';
import { optionsOf, readOption, readOptionList, type WrittenOption } from './options.ts';
import { readExtend, readMessage } from './parse-message.ts';
import { readReserved } from './parse-ranges.ts';
import { TokenReader } from './tokens.ts';

/** @throws RegistryError `invalid_schema` with the line. */
export function parseProto(source: string): FileDescriptorProto {
  const tokens = new TokenReader(source);
  const file = create(FileDescriptorProtoSchema);
  readSyntax(tokens, file);
  const options: WrittenOption[] = [];
  while (tokens.next.kind !== 'end') readTopLevel(tokens, file, options);
  const made = optionsOf<NonNullable<FileDescriptorProto['options']>>(FileOptionsSchema, options);
  if (made !== undefined) file.options = made;
  return file;
}

function readSyntax(tokens: TokenReader, file: FileDescriptorProto): void {
  if (tokens.takeIf('syntax')) {
    tokens.expect('=');
    const syntax = tokens.text('"proto2" or "proto3"');
    if (syntax !== 'proto2' && syntax !== 'proto3')
      throw invalidSchema(`the syntax ${JSON.stringify(syntax)} is not known`);
    if (syntax === 'proto3') file.syntax = syntax;
    tokens.expect(';');
  } else if (tokens.takeIf('edition')) {
    tokens.expect('=');
    const name = `EDITION_${tokens.text('a year')}`;
    const edition = (Edition as unknown as Record<string, number | string>)[name];
    const short = (Edition as unknown as Record<string, number | string>)[name.slice('EDITION_'.length)];
    const found = edition ?? short;
    if (typeof found !== 'number') throw invalidSchema(`the ${name} is not known`);
    file.syntax = 'editions';
    file.edition = found as Edition;
    tokens.expect(';');
  }
}

function readTopLevel(tokens: TokenReader, file: FileDescriptorProto, options: WrittenOption[]): void {
  const isProto3 = file.syntax === 'proto3';
  if (tokens.takeIf(';')) return;
  if (tokens.takeIf('import')) return readImport(tokens, file);
  if (tokens.takeIf('package')) {
    file.package = tokens.fullName('the name of a package');
    return tokens.expect(';');
  }
  if (tokens.takeIf('option')) {
    options.push(readOption(tokens));
    return tokens.expect(';');
  }
  if (tokens.takeIf('message')) return void file.messageType.push(readMessage(tokens, isProto3, 0));
  if (tokens.takeIf('enum')) return void file.enumType.push(readEnum(tokens));
  if (tokens.takeIf('service')) return void file.service.push(readService(tokens));
  if (tokens.takeIf('extend')) return void file.extension.push(...readExtend(tokens, isProto3));
  throw tokens.unexpected('a message, an enum, a service or an option');
}

function readImport(tokens: TokenReader, file: FileDescriptorProto): void {
  const index = file.dependency.length;
  if (tokens.takeIf('public')) file.publicDependency.push(index);
  else if (tokens.takeIf('weak')) file.weakDependency.push(index);
  file.dependency.push(tokens.text('the path of a file'));
  tokens.expect(';');
}

export function readEnum(tokens: TokenReader): EnumDescriptorProto {
  const made = create(EnumDescriptorProtoSchema, { name: tokens.word('the name of an enum') });
  const options: WrittenOption[] = [];
  tokens.expect('{');
  while (!tokens.takeIf('}')) {
    if (tokens.takeIf(';')) continue;
    if (tokens.next.text === 'option' && !tokens.followedBy('=')) {
      tokens.take();
      options.push(readOption(tokens));
      tokens.expect(';');
    } else if (tokens.next.text === 'reserved' && !tokens.followedBy('=')) {
      tokens.take();
      readReserved(tokens, made.reservedName, (start, end) => {
        made.reservedRange.push({ $typeName: 'google.protobuf.EnumDescriptorProto.EnumReservedRange', start, end });
      });
    } else {
      const name = tokens.word('the name of a value');
      tokens.expect('=');
      const number = tokens.integer('a number');
      const valueOptions = optionsOf(EnumValueOptionsSchema, readOptionList(tokens));
      tokens.expect(';');
      made.value.push(
        create(EnumValueDescriptorProtoSchema, {
          name,
          number,
          ...(valueOptions && { options: valueOptions as never }),
        }),
      );
    }
  }
  if (made.value.length === 0) throw invalidSchema(`the enum ${made.name} has no value`);
  const own = optionsOf<NonNullable<EnumDescriptorProto['options']>>(EnumOptionsSchema, options);
  if (own !== undefined) made.options = own;
  return made;
}

function readService(tokens: TokenReader): ServiceDescriptorProto {
  const made = create(ServiceDescriptorProtoSchema, { name: tokens.word('the name of a service') });
  const options: WrittenOption[] = [];
  tokens.expect('{');
  while (!tokens.takeIf('}')) {
    if (tokens.takeIf(';')) continue;
    if (tokens.takeIf('option')) {
      options.push(readOption(tokens));
      tokens.expect(';');
      continue;
    }
    tokens.expect('rpc');
    const name = tokens.word('the name of a method');
    const input = readMethodType(tokens);
    tokens.expect('returns');
    const output = readMethodType(tokens);
    const methodOptions = optionsOf(MethodOptionsSchema, readMethodBody(tokens));
    made.method.push(
      create(MethodDescriptorProtoSchema, {
        name,
        inputType: input.type,
        clientStreaming: input.isStream,
        outputType: output.type,
        serverStreaming: output.isStream,
        ...(methodOptions && { options: methodOptions as never }),
      }),
    );
  }
  const own = optionsOf<NonNullable<ServiceDescriptorProto['options']>>(ServiceOptionsSchema, options);
  if (own !== undefined) made.options = own;
  return made;
}

function readMethodType(tokens: TokenReader): { readonly type: string; readonly isStream: boolean } {
  tokens.expect('(');
  const isStream = tokens.next.text === 'stream' && !tokens.followedBy(')') && !tokens.followedBy('.');
  if (isStream) tokens.take();
  const type = tokens.fullName('the name of a message');
  tokens.expect(')');
  return { type, isStream };
}

function readMethodBody(tokens: TokenReader): WrittenOption[] {
  const options: WrittenOption[] = [];
  if (tokens.takeIf(';')) return options;
  tokens.expect('{');
  while (!tokens.takeIf('}')) {
    if (tokens.takeIf(';')) continue;
    tokens.expect('option');
    options.push(readOption(tokens));
    tokens.expect(';');
  }
  return options;
}
