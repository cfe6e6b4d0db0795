/**
 * Writes an Avro schema as one line of JSON: attributes in the order of Avro's own libraries, names as short as their
 * place allows, each named type in full where it is met first. Two texts that print alike are one schema.
 */
import type { AvroField, AvroNamed, AvroType, Properties } from './avro-type.ts';
import { isNamed, namespaceOf, shortName } from './avro-type.ts';

export interface PrintOptions {
  /** Whether attributes without a meaning to Avro are ordered by name. */
  readonly sortsProperties: boolean;
}

/** `known` holds the names of types that are defined elsewhere: those of referenced schemas. */
export function printAvro(type: AvroType, known: Iterable<string>, options: PrintOptions): string {
  return JSON.stringify(new AvroPrinter(new Set(known), options).type(type, ''));
}

class AvroPrinter {
  readonly #defined: Set<string>;
  readonly #options: PrintOptions;

  constructor(defined: Set<string>, options: PrintOptions) {
    this.#defined = defined;
    this.#options = options;
  }

  type(type: AvroType, namespace: string): unknown {
    if (type.kind === 'union') return type.branches.map((branch) => this.type(branch, namespace));
    if (isNamed(type)) return this.#named(type, namespace);
    const properties = this.#properties(type.properties);
    if (type.kind === 'array') return { type: 'array', items: this.type(type.items, namespace), ...properties };
    if (type.kind === 'map') return { type: 'map', values: this.type(type.values, namespace), ...properties };
    return type.properties.length === 0 ? type.kind : { type: type.kind, ...properties };
  }

  #named(type: AvroNamed, namespace: string): unknown {
    const own = namespaceOf(type.fullName);
    if (this.#defined.has(type.fullName)) return own === namespace ? shortName(type.fullName) : type.fullName;
    this.#defined.add(type.fullName);
    const head = {
      type: type.kind,
      name: shortName(type.fullName),
      ...(own !== namespace && { namespace: own }),
      ...(type.doc !== undefined && { doc: type.doc }),
    };
    const aliases = type.aliases?.map((alias) => (namespaceOf(alias) === own ? shortName(alias) : alias));
    const tail = { ...this.#properties(type.properties), ...(aliases && { aliases }) };
    if (type.kind === 'fixed') return { ...head, size: type.size, ...tail };
    if (type.kind === 'enum') {
      return { ...head, symbols: type.symbols, ...(type.default !== undefined && { default: type.default }), ...tail };
    }
    return { ...head, fields: type.fields.map((field) => this.#field(field, own)), ...tail };
  }

  #field(field: AvroField, namespace: string): unknown {
    return {
      name: field.name,
      type: this.type(field.type, namespace),
      ...(field.doc !== undefined && { doc: field.doc }),
      ...(field.hasDefault && { default: field.default }),
      ...(field.order !== undefined && field.order !== 'ascending' && { order: field.order }),
      ...(field.aliases && { aliases: field.aliases }),
      ...this.#properties(field.properties),
    };
  }

  #properties(properties: Properties): Record<string, unknown> {
    const sorted = this.#options.sortsProperties
      ? properties.toSorted(([one], [other]) => (one < other ? -1 : 1))
      : properties;
    return Object.fromEntries(sorted);
  }
}
