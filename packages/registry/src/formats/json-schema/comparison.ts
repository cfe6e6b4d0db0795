/**
 * Whether everything that one JSON Schema admits is admitted by another: the rules and the names of findings are those
 * of Confluent's registry. They look at keywords, not at sets of values, so that some pairs are refused that would do.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Incompatibility } from '../../schema.ts';
import { compareArrays } from './compare-arrays.ts';
import { compareObjects } from './compare-objects.ts';
import { compareScalars } from './compare-scalars.ts';
import { isObject, type JsonSchema, type SchemaDocument, type SchemaObject } from './json-schema.ts';

/** What the parts of a comparison work with. */
export interface Comparing {
  /** Compares schemas within those at hand. */
  compare(reader: JsonSchema, writer: JsonSchema, path: string): Incompatibility[];
  /** A schema with its `$ref`s followed. */
  readerSchema(schema: JsonSchema): JsonSchema;
}

const combinators = ['allOf', 'anyOf', 'oneOf'] as const;

export class Comparison implements Comparing {
  readonly #reader: SchemaDocument;
  readonly #writer: SchemaDocument;
  /** Pairs that were met: a recursive schema meets itself. */
  readonly #found = new Map<SchemaObject, Map<SchemaObject, Incompatibility[]>>();

  constructor(reader: SchemaDocument, writer: SchemaDocument) {
    this.#reader = reader;
    this.#writer = writer;
  }

  findings(): Incompatibility[] {
    return this.compare(this.#reader.root, this.#writer.root, '#/');
  }

  readerSchema(schema: JsonSchema): JsonSchema {
    return this.#reader.resolve(schema);
  }

  compare(readerSchema: JsonSchema, writerSchema: JsonSchema, path: string): Incompatibility[] {
    const reader = this.#reader.resolve(readerSchema);
    const writer = this.#writer.resolve(writerSchema);
    if (admitsAll(reader) || writer === false) return [];
    if (!isObject(reader) || !isObject(writer)) return [finding('TYPE_NARROWED', path)];
    const ofReader = this.#found.get(reader) ?? new Map<SchemaObject, Incompatibility[]>();
    this.#found.set(reader, ofReader);
    const known = ofReader.get(writer);
    if (known !== undefined) return known;
    ofReader.set(writer, []);
    const found = this.#compare(reader, writer, path);
    ofReader.set(writer, found);
    return found;
  }

  #compare(reader: SchemaObject, writer: SchemaObject, path: string): Incompatibility[] {
    const combined = this.#combined(reader, writer, path);
    if (combined !== undefined) return combined;
    const types = compareTypes(reader, writer, path);
    if (types.length > 0) return types;
    return [
      ...compareValues(reader, writer, path),
      ...this.#negations(reader, writer, path),
      ...compareScalars(reader, writer, path),
      ...compareArrays(this, reader, writer, path),
      ...compareObjects(this, reader, writer, path),
    ];
  }

  /** Schemas made of others; undefined when neither is. What stands beside is compared as always. */
  #combined(reader: SchemaObject, writer: SchemaObject, path: string): Incompatibility[] | undefined {
    const [ofReader, ofWriter] = [partsOf(reader), partsOf(writer)];
    if (ofReader === undefined && ofWriter === undefined) return undefined;
    if (ofReader === undefined) {
      const parts = ofWriter as Parts;
      const findings = parts.schemas.map((part) => this.compare(reader, part, path));
      const isFine = parts.kind === 'allOf' ? findings.some(isEmpty) : findings.every(isEmpty);
      return isFine ? [] : [finding('COMBINED_TYPE_CHANGED', path)];
    }
    if (ofWriter === undefined) {
      const findings = ofReader.schemas.map((part) => this.compare(part, writer, path));
      const isFine = ofReader.kind === 'allOf' ? findings.every(isEmpty) : findings.some(isEmpty);
      return isFine ? [] : [finding('TYPE_CHANGED', path)];
    }
    const { [ofReader.kind]: _, ...readerRest } = reader;
    const { [ofWriter.kind]: __, ...writerRest } = writer;
    return [...this.#parts(ofReader, ofWriter, path), ...this.#compare(readerRest, writerRest, path)];
  }

  #parts(reader: Parts, writer: Parts, path: string): Incompatibility[] {
    if (reader.kind !== writer.kind && !(reader.kind === 'anyOf' && writer.kind === 'oneOf')) {
      const isOne = reader.schemas.length === 1 || writer.schemas.length === 1;
      if (!isOne) return [finding('COMBINED_TYPE_CHANGED', path)];
    }
    const at = `${path}${path.endsWith('/') ? '' : '/'}${reader.kind}`;
    const isProduct = reader.kind === 'allOf';
    if (isProduct && reader.schemas.length > writer.schemas.length) return [finding('PRODUCT_TYPE_EXTENDED', at)];
    if (!isProduct && reader.schemas.length < writer.schemas.length) return [finding('SUM_TYPE_NARROWED', at)];
    const [fewer, more] = isProduct ? [reader.schemas, writer.schemas] : [writer.schemas, reader.schemas];
    const isMatched = matchesAll(fewer, more, (one, other) =>
      isEmpty(isProduct ? this.compare(one, other, at) : this.compare(other, one, at)),
    );
    return isMatched ? [] : [finding('COMBINED_TYPE_SUBSCHEMAS_CHANGED', at)];
  }

  #negations(reader: SchemaObject, writer: SchemaObject, path: string): Incompatibility[] {
    if (!('not' in reader) || isDeepStrictEqual(reader['not'], writer['not'])) return [];
    return [finding('NOT_TYPE_EXTENDED', path)];
  }
}

interface Parts {
  readonly kind: (typeof combinators)[number];
  readonly schemas: readonly JsonSchema[];
}

function partsOf(schema: SchemaObject): Parts | undefined {
  const kind = combinators.find((each) => Array.isArray(schema[each]));
  return kind === undefined ? undefined : { kind, schemas: schema[kind] as JsonSchema[] };
}

/** Whether each of `ones` finds one of `others` for itself (a maximum matching, by augmenting paths). */
function matchesAll<T>(ones: readonly T[], others: readonly T[], fits: (one: T, other: T) => boolean): boolean {
  const taken = new Map<number, number>();
  const place = (index: number, tried: Set<number>): boolean => {
    for (const [at, other] of others.entries()) {
      if (tried.has(at) || !fits(ones[index] as T, other)) continue;
      tried.add(at);
      const before = taken.get(at);
      if (before !== undefined && !place(before, tried)) continue;
      taken.set(at, index);
      return true;
    }
    return false;
  };
  return ones.every((_, index) => place(index, new Set()));
}

function compareTypes(reader: SchemaObject, writer: SchemaObject, path: string): Incompatibility[] {
  const [ofReader, ofWriter] = [typesOf(reader), typesOf(writer)];
  if (ofReader === undefined) return [];
  if (ofWriter === undefined) return [finding('TYPE_NARROWED', path)];
  const lacking = ofWriter.filter(
    (type) => !ofReader.includes(type) && !(type === 'integer' && ofReader.includes('number')),
  );
  if (lacking.length === 0) return [];
  return [
    finding(
      lacking.length === ofWriter.length && !isNumeric(ofReader, lacking) ? 'TYPE_CHANGED' : 'TYPE_NARROWED',
      path,
    ),
  ];
}

function isNumeric(reader: readonly unknown[], writer: readonly unknown[]): boolean {
  return reader.includes('integer') && writer.includes('number');
}

/** Undefined: any type. */
function typesOf({ type, properties, enum: values, const: value }: SchemaObject): readonly unknown[] | undefined {
  if (Array.isArray(type)) return type;
  if (type === 'any') return undefined;
  if (type !== undefined) return [type];
  return values === undefined && value === undefined && isObject(properties) ? ['object'] : undefined;
}

/** `enum` and `const`. */
function compareValues(reader: SchemaObject, writer: SchemaObject, path: string): Incompatibility[] {
  const [ofReader, ofWriter] = [valuesOf(reader), valuesOf(writer)];
  if (ofReader === undefined) return [];
  if (ofWriter === undefined) return [finding('ENUM_ARRAY_NARROWED', `${path}/enum`)];
  const isKept = ofWriter.every((value) => ofReader.some((one) => isDeepStrictEqual(one, value)));
  if (isKept) return [];
  const isPart = ofReader.every((value) => ofWriter.some((one) => isDeepStrictEqual(one, value)));
  return [finding(isPart ? 'ENUM_ARRAY_NARROWED' : 'ENUM_ARRAY_CHANGED', `${path}/enum`)];
}

function valuesOf(schema: SchemaObject): readonly unknown[] | undefined {
  if (Array.isArray(schema['enum'])) return schema['enum'];
  return 'const' in schema ? [schema['const']] : undefined;
}

/** `true`, and the schema that says nothing. */
export function admitsAll(schema: JsonSchema): boolean {
  if (!isObject(schema)) return schema;
  return Object.keys(schema).every((keyword) => annotations.has(keyword));
}

const annotations: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  'id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
]);

function isEmpty(list: readonly unknown[]): boolean {
  return list.length === 0;
}

/** What is in the way, at a place. */
export function finding(errorType: string, path: string): Incompatibility {
  const what = descriptions[errorType];
  return {
    errorType,
    describe: (reader, writer) =>
      what?.(reader, writer, path) ??
      `The keyword at path '${path}' in the ${reader} schema is not compatible with the ${writer} schema ` +
        `(${errorType.toLowerCase().replaceAll('_', ' ')})`,
  };
}

type Describe = (reader: string, writer: string, path: string) => string;

const lacksProperty: Describe = (reader, writer, path) =>
  `The ${reader} schema has a closed content model and is missing a property or item present at path '${path}' in ` +
  `the ${writer} schema`;

const descriptions: Readonly<Record<string, Describe>> = {
  TYPE_CHANGED: (reader, writer, path) =>
    `A type at path '${path}' is different between the ${reader} schema and the ${writer} schema`,
  TYPE_NARROWED: (reader, writer, path) =>
    `A type at path '${path}' in the ${reader} schema does not match with the ${writer} schema`,
  REQUIRED_ATTRIBUTE_ADDED: (reader, writer, path) =>
    `The ${reader} schema has a required property at path '${path}' which is not required in the ${writer} schema`,
  PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL: (reader, writer, path) =>
    `The ${writer} schema has an open content model and has a property or item missing at path '${path}' in the ` +
    `${reader} schema`,
  REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL: (reader, writer, path) =>
    `The ${reader} schema has an unopen content model and has a required property at path '${path}' which is missing ` +
    `in the ${writer} schema`,
  PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL: lacksProperty,
  ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL: lacksProperty,
};
