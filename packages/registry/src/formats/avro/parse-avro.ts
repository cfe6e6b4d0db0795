/** Reads an Avro schema (Avro 1.12 specification, "Schema Declaration") into a graph of types. */
import { invalidSchema, type RegistryError } from '../../registry-error.ts';
import { parseJsonText } from '../json-text.ts';
import type { AvroField, AvroNamed, AvroRecord, AvroType, PrimitiveName, Properties } from './avro-type.ts';
import { isNamed, namespaceOf, primitiveNames } from './avro-type.ts';
import { isDefaultOf } from './default-value.ts';

type Json = { readonly [name: string]: unknown };

/** Types by full name: those of referenced schemas, and those read so far. */
export type AvroNames = Map<string, AvroNamed>;

/** Deeper schemas are refused: what reads and compares them recurses. */
const depthMax = 100;

const primitives: ReadonlySet<string> = new Set(primitiveNames);
const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @throws RegistryError `invalid_schema` */
export function parseAvro(text: string, names: AvroNames): AvroType {
  const word = text.trim();
  if (primitives.has(word) && word !== 'null') return { kind: word as PrimitiveName, properties: [] };
  const json = parseJsonText(text);
  return new AvroReader(names).type(json ?? 'null', '', 0);
}

class AvroReader {
  readonly #names: AvroNames;

  constructor(names: AvroNames) {
    this.#names = names;
  }

  type(json: unknown, namespace: string, depth: number): AvroType {
    if (depth > depthMax) throw invalidSchema(`it nests deeper than ${depthMax} levels`);
    if (typeof json === 'string') return this.#byName(json, namespace);
    if (Array.isArray(json)) return this.#union(json, namespace, depth);
    if (typeof json !== 'object' || json === null) throw bad(json, 'is not a type');
    const { type } = json as Json;
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(type, json as Json, namespace, depth);
      case 'enum':
        return this.#enum(json as Json, namespace);
      case 'fixed':
        return this.#fixed(json as Json, namespace);
      case 'array': {
        const items = this.type(required(json as Json, 'items'), namespace, depth + 1);
        return { kind: 'array', items, properties: propertiesOf(json as Json, ['type', 'items']) };
      }
      case 'map': {
        const values = this.type(required(json as Json, 'values'), namespace, depth + 1);
        return { kind: 'map', values, properties: propertiesOf(json as Json, ['type', 'values']) };
      }
      default:
        return this.#wrapped(json as Json, namespace, depth);
    }
  }

  /** `{"type": T}` is T, with attributes where T is primitive. */
  #wrapped(json: Json, namespace: string, depth: number): AvroType {
    const { type } = json;
    if (typeof type === 'string' && primitives.has(type)) {
      return { kind: type as PrimitiveName, properties: propertiesOf(json, ['type']) };
    }
    if (type === undefined) throw bad(json, 'has no type');
    return this.type(type, namespace, depth + 1);
  }

  #byName(name: string, namespace: string): AvroType {
    if (primitives.has(name)) return { kind: name as PrimitiveName, properties: [] };
    const local = name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
    const found = this.#names.get(local) ?? this.#names.get(name);
    if (found === undefined) {
      throw invalidSchema(`the type ${JSON.stringify(local)} is not defined here, nor in a schema that is referred to`);
    }
    return found;
  }

  #union(json: readonly unknown[], namespace: string, depth: number): AvroType {
    const branches = json.map((branch) => this.type(branch, namespace, depth + 1));
    const seen = new Set<string>();
    for (const branch of branches) {
      if (branch.kind === 'union') throw bad(json, 'is a union directly within a union');
      const name = isNamed(branch) ? branch.fullName : branch.kind;
      if (seen.has(name)) throw bad(json, `is a union with ${name} in it twice`);
      seen.add(name);
    }
    return { kind: 'union', branches };
  }

  #record(kind: 'record' | 'error', json: Json, namespace: string, depth: number): AvroType {
    const { fields } = json;
    if (!Array.isArray(fields)) throw bad(json, 'is a record whose fields are no array');
    const named = this.#named(json, namespace);
    const properties = propertiesOf(json, ['type', 'fields', ...namedAttributes]);
    const record: AvroRecord = { kind, ...named, fields: [], properties };
    this.#define(record);
    const own = namespaceOf(record.fullName);
    record.fields = fields.map((field) => this.#field(field, own, depth + 1));
    const fieldNames = new Set<string>();
    for (const { name } of record.fields) {
      if (fieldNames.has(name)) throw invalidSchema(`record ${record.fullName} has the field ${name} twice`);
      fieldNames.add(name);
    }
    return record;
  }

  #field(json: unknown, namespace: string, depth: number): AvroField {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw bad(json, 'is not a field');
    const field = json as Json;
    const name = checkedName(field['name']);
    const type = this.type(required(field, 'type'), namespace, depth);
    const hasDefault = Object.hasOwn(field, 'default');
    if (hasDefault && !isDefaultOf(type, field['default'])) {
      throw invalidSchema(`the default ${JSON.stringify(field['default'])} of field ${name} is not of its type`);
    }
    const order = field['order'];
    if (order !== undefined && order !== 'ascending' && order !== 'descending' && order !== 'ignore') {
      throw bad(order, 'is not an order of a field');
    }
    return {
      name,
      type,
      doc: field['doc'],
      hasDefault,
      default: field['default'],
      order,
      aliases: namesOf(field['aliases'], ''),
      properties: propertiesOf(field, ['name', 'type', 'doc', 'default', 'order', 'aliases']),
    };
  }

  #enum(json: Json, namespace: string): AvroType {
    const symbols = json['symbols'];
    if (!Array.isArray(symbols)) throw bad(json, 'is an enum whose symbols are no array');
    const checked = symbols.map(checkedName);
    if (new Set(checked).size < checked.length) throw bad(json, 'is an enum with a symbol in it twice');
    const fallback = json['default'];
    if (fallback !== undefined && !checked.includes(fallback as string)) {
      throw bad(json, 'is an enum whose default is none of its symbols');
    }
    const properties = propertiesOf(json, ['type', 'symbols', 'default', ...namedAttributes]);
    const named = this.#named(json, namespace);
    return this.#define({
      kind: 'enum',
      ...named,
      symbols: checked,
      default: fallback as string | undefined,
      properties,
    });
  }

  #fixed(json: Json, namespace: string): AvroType {
    const size = json['size'];
    if (!Number.isSafeInteger(size) || (size as number) < 0) throw bad(json, 'is a fixed type without a size');
    const properties = propertiesOf(json, ['type', 'size', ...namedAttributes]);
    return this.#define({ kind: 'fixed', ...this.#named(json, namespace), size: size as number, properties });
  }

  #named(json: Json, namespace: string) {
    const { name, namespace: given, doc, aliases } = json;
    if (typeof name !== 'string') throw bad(json, 'has no name');
    if (given !== undefined && given !== null && typeof given !== 'string') throw bad(given, 'is not a namespace');
    const space = given ?? namespace;
    const fullName = name.includes('.') || space === '' ? name : `${space}.${name}`;
    for (const part of fullName.split('.')) checkedName(part);
    if (primitives.has(fullName)) throw bad(name, 'is the name of a primitive type');
    return { fullName, doc, aliases: namesOf(aliases, namespaceOf(fullName)) };
  }

  #define<T extends AvroNamed>(type: T): T {
    if (this.#names.has(type.fullName)) throw invalidSchema(`Can't redefine: ${type.fullName}`);
    this.#names.set(type.fullName, type);
    return type;
  }
}

const namedAttributes = ['name', 'namespace', 'doc', 'aliases'];

function required(json: Json, name: string): unknown {
  if (json[name] === undefined) throw bad(json, `lacks ${name}`);
  return json[name];
}

function checkedName(name: unknown): string {
  if (typeof name !== 'string' || !namePattern.test(name)) throw bad(name, 'is not a name that Avro allows');
  return name;
}

function namesOf(value: unknown, namespace: string): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw bad(value, 'is not a list of aliases');
  return value.map((name) => {
    if (typeof name !== 'string') throw bad(name, 'is not an alias');
    return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
  });
}

function propertiesOf(json: Json, known: readonly string[]): Properties {
  return Object.entries(json).filter(([name]) => !known.includes(name));
}

function bad(value: unknown, problem: string): RegistryError {
  const text = JSON.stringify(value) ?? 'undefined';
  return invalidSchema(`${text.length > 200 ? `${text.slice(0, 200)}...` : text} ${problem}`);
}
