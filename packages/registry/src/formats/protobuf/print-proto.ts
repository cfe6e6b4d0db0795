/**
 * Writes a descriptor as `.proto` text: without comments, two spaces a level, what is default left out. Two files that
 * print alike are one schema.
 */
import {
  type DescriptorProto,
  Edition,
  type EnumDescriptorProto,
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  type ServiceDescriptorProto,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { jsonNameOf } from './json-name.ts';
import { writtenOptions } from './options.ts';
import { scalarNames } from './scalar-types.ts';

export interface PrintOptions {
  /** Whether imports, types and fields are ordered. */
  readonly sorts: boolean;
}

export function printProto(file: FileDescriptorProto, options: PrintOptions): string {
  return new ProtoPrinter(file, options).print();
}

class ProtoPrinter {
  readonly #file: FileDescriptorProto;
  readonly #sorts: boolean;

  constructor(file: FileDescriptorProto, { sorts }: PrintOptions) {
    this.#file = file;
    this.#sorts = sorts;
  }

  print(): string {
    const file = this.#file;
    const isEdition = file.syntax === 'editions';
    const year = Edition[file.edition]?.replace(/^EDITION_/, '');
    const head = [
      isEdition ? `edition = "${year}";` : `syntax = "${file.syntax === '' ? 'proto2' : file.syntax}";`,
      ...(file.package === '' ? [] : [`package ${file.package};`]),
    ];
    const imports = file.dependency.map((path, index) => {
      const kind = file.publicDependency.includes(index)
        ? 'public '
        : file.weakDependency.includes(index)
          ? 'weak '
          : '';
      return `import ${kind}${JSON.stringify(path)};`;
    });
    const options = writtenOptions(FileOptionsSchema, file.options).map((option) => `option ${option};`);
    const body = [
      ...this.#ordered(file.messageType).map((message) => this.#message(message)),
      ...this.#ordered(file.enumType).map((each) => this.#enum(each)),
      ...this.#extensions(file.extension),
      ...this.#ordered(file.service).map((service) => this.#service(service)),
    ];
    const parts = [head, this.#sorts ? imports.sort() : imports, this.#sorts ? options.sort() : options];
    const blocks = parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
    const types = body.map((lines) => lines.join('\n')).join('\n');
    return `${[...blocks, types].filter((part) => part !== '').join('\n\n')}\n`;
  }

  #message(message: DescriptorProto): string[] {
    const isSynthetic = (index: number): boolean =>
      message.field.some((field) => field.proto3Optional && field.oneofIndex === index);
    const lines = writtenOptions(MessageOptionsSchema, message.options).map((option) => `option ${option};`);
    for (const range of message.reservedRange) lines.push(`reserved ${rangeText(range.start, range.end - 1)};`);
    if (message.reservedName.length > 0) lines.push(`reserved ${this.#names(message.reservedName)};`);
    for (const range of message.extensionRange) lines.push(`extensions ${rangeText(range.start, range.end - 1)};`);
    const fields = this.#sorts ? message.field.toSorted((one, other) => one.number - other.number) : message.field;
    const printed = new Set<number>();
    for (const field of fields) {
      const index = field.oneofIndex ?? 0;
      const isWithin = message.oneofDecl.length > 0 && isInOneof(field) && !isSynthetic(index);
      if (!isWithin) lines.push(this.#field(field, message));
      else if (!printed.has(index)) {
        printed.add(index);
        const within = fields.filter((each) => isInOneof(each) && each.oneofIndex === index);
        const oneof = message.oneofDecl[index];
        const options = writtenOptions(OneofOptionsSchema, oneof?.options).map((option) => `option ${option};`);
        lines.push(...block(`oneof ${oneof?.name}`, [...options, ...within.map((each) => this.#field(each, message))]));
      }
    }
    const nested = message.nestedType.filter(({ options }) => options?.mapEntry !== true);
    for (const inner of this.#ordered(nested)) lines.push(...this.#message(inner));
    for (const inner of this.#ordered(message.enumType)) lines.push(...this.#enum(inner));
    lines.push(...this.#extensions(message.extension).flat());
    return block(`message ${message.name}`, lines);
  }

  #field(field: FieldDescriptorProto, message: DescriptorProto | undefined): string {
    const options: string[] = [];
    if (field.jsonName !== '' && field.jsonName !== jsonNameOf(field.name)) {
      options.push(`json_name = ${JSON.stringify(field.jsonName)}`);
    }
    if (hasDefault(field)) {
      const isText = field.type === FieldDescriptorProto_Type.STRING || field.type === FieldDescriptorProto_Type.BYTES;
      options.push(`default = ${isText ? JSON.stringify(field.defaultValue) : field.defaultValue}`);
    }
    options.push(...writtenOptions(FieldOptionsSchema, field.options));
    const tail = options.length === 0 ? '' : ` [${options.join(', ')}]`;
    return `${this.#fieldType(field, message)} ${field.name} = ${field.number}${tail};`;
  }

  #fieldType(field: FieldDescriptorProto, message: DescriptorProto | undefined): string {
    const entry = message?.nestedType.find(
      ({ name, options }) => options?.mapEntry === true && field.typeName.endsWith(`.${name}`),
    );
    const [key, value] = entry?.field ?? [];
    if (key !== undefined && value !== undefined) return `map<${this.#typeName(key)}, ${this.#typeName(value)}>`;
    const type = this.#typeName(field);
    if (field.label === FieldDescriptorProto_Label.REPEATED) return `repeated ${type}`;
    if (field.label === FieldDescriptorProto_Label.REQUIRED) return `required ${type}`;
    const isProto2 = this.#file.syntax === '' || this.#file.syntax === 'proto2';
    return field.proto3Optional || (isProto2 && !isInOneof(field)) ? `optional ${type}` : type;
  }

  #typeName({ type, typeName }: FieldDescriptorProto): string {
    return scalarNames.get(type) ?? this.#shortened(typeName);
  }

  /** A full name without the file's own package, where that leads to the same type. */
  #shortened(typeName: string): string {
    const own = `.${this.#file.package}.`;
    if (this.#file.package === '' || !typeName.startsWith(own)) return typeName;
    const rest = typeName.slice(own.length);
    const first = rest.split('.', 1)[0];
    const isOwn = [...this.#file.messageType, ...this.#file.enumType].some(({ name }) => name === first);
    return isOwn && !this.#isShadowed(first as string) ? rest : typeName;
  }

  #isShadowed(name: string): boolean {
    const within = (message: DescriptorProto): boolean =>
      message.enumType.some((each) => each.name === name) ||
      message.nestedType.some((each) => each.name === name || within(each));
    return this.#file.messageType.some(within);
  }

  #enum(made: EnumDescriptorProto): string[] {
    const lines = writtenOptions(EnumOptionsSchema, made.options).map((option) => `option ${option};`);
    for (const range of made.reservedRange) lines.push(`reserved ${rangeText(range.start, range.end)};`);
    if (made.reservedName.length > 0) lines.push(`reserved ${this.#names(made.reservedName)};`);
    for (const value of made.value) {
      const options = writtenOptions(EnumValueOptionsSchema, value.options);
      lines.push(`${value.name} = ${value.number}${options.length === 0 ? '' : ` [${options.join(', ')}]`};`);
    }
    return block(`enum ${made.name}`, lines);
  }

  #service(service: ServiceDescriptorProto): string[] {
    const lines = writtenOptions(ServiceOptionsSchema, service.options).map((option) => `option ${option};`);
    for (const method of service.method) {
      const [input, output] = [this.#shortened(method.inputType), this.#shortened(method.outputType)];
      const from = method.clientStreaming ? `stream ${input}` : input;
      const to = method.serverStreaming ? `stream ${output}` : output;
      const options = writtenOptions(MethodOptionsSchema, method.options).map((option) => `option ${option};`);
      const head = `rpc ${method.name} (${from}) returns (${to})`;
      if (options.length === 0) lines.push(`${head};`);
      else lines.push(...block(head, options));
    }
    return block(`service ${service.name}`, lines);
  }

  #extensions(fields: readonly FieldDescriptorProto[]): string[][] {
    const extended = [...new Set(fields.map(({ extendee }) => extendee))];
    return extended.map((extendee) => {
      const own = fields.filter((field) => field.extendee === extendee);
      return block(
        `extend ${this.#shortened(extendee)}`,
        own.map((field) => this.#field(field, undefined)),
      );
    });
  }

  #names(names: readonly string[]): string {
    return names.map((name) => (this.#file.syntax === 'editions' ? name : JSON.stringify(name))).join(', ');
  }

  #ordered<T extends { readonly name: string }>(types: readonly T[]): readonly T[] {
    return this.#sorts ? types.toSorted((one, other) => (one.name < other.name ? -1 : 1)) : types;
  }
}

function block(head: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [`${head} {}`] : [`${head} {`, ...lines.map((line) => `  ${line}`), '}'];
}

function rangeText(start: number, end: number): string {
  if (start === end) return String(start);
  return `${start} to ${end === 536_870_911 || end === 2_147_483_647 ? 'max' : end}`;
}

/** Descriptors tell a field of the first oneof from one of none by presence. */
function isInOneof(field: FieldDescriptorProto): boolean {
  return Object.hasOwn(field, 'oneofIndex');
}

function hasDefault(field: FieldDescriptorProto): boolean {
  return Object.hasOwn(field, 'defaultValue');
}
