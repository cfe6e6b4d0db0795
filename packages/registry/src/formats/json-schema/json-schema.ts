/** JSON Schemas as values, and the places that their `$ref`s lead to. */
import { invalidSchema } from '../../registry-error.ts';

export interface SchemaObject {
  readonly [keyword: string]: unknown;
}
export type JsonSchema = boolean | SchemaObject;

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'boolean' || isObject(value);
}

/** Keywords whose value is a schema. */
export const schemaKeywords = [
  'additionalProperties',
  'additionalItems',
  'unevaluatedProperties',
  'unevaluatedItems',
  'propertyNames',
  'contains',
  'not',
  'if',
  'then',
  'else',
] as const;
/** Keywords whose value is a list of schemas. */
export const schemaListKeywords = ['allOf', 'anyOf', 'oneOf', 'prefixItems'] as const;
/** Keywords whose value holds a schema under each name. */
export const schemaMapKeywords = [
  'properties',
  'patternProperties',
  'definitions',
  '$defs',
  'dependentSchemas',
] as const;

/** Every schema directly within one, with the way to it. */
export function* innerSchemas(schema: SchemaObject): Generator<readonly [path: string, inner: unknown]> {
  for (const keyword of schemaKeywords) if (keyword in schema) yield [keyword, schema[keyword]];
  for (const keyword of schemaListKeywords) {
    const list = schema[keyword];
    if (Array.isArray(list)) for (const [index, inner] of list.entries()) yield [`${keyword}/${index}`, inner];
  }
  for (const keyword of schemaMapKeywords) {
    const map = schema[keyword];
    if (isObject(map)) for (const [name, inner] of Object.entries(map)) yield [`${keyword}/${name}`, inner];
  }
  const { items } = schema;
  if (Array.isArray(items)) for (const [index, inner] of items.entries()) yield [`items/${index}`, inner];
  else if (items !== undefined) yield ['items', items];
}

/** A root schema with those that it may refer to. */
export class SchemaDocument {
  readonly root: JsonSchema;
  /** Root schemas by the URLs and names under which they are called. */
  readonly #roots = new Map<string, JsonSchema>();
  /** Where each object lies: the document that `$ref`s in it begin from. */
  readonly #homes = new Map<SchemaObject, JsonSchema>();
  /** Schemas that a name within their document leads to. */
  readonly #anchors = new Map<JsonSchema, Map<string, JsonSchema>>();

  constructor(root: JsonSchema, others: readonly { readonly name: string; readonly root: JsonSchema }[]) {
    this.root = root;
    for (const other of others) this.#add(other.name, other.root);
    this.#add('', root);
  }

  /** What a schema is once its `$ref`s are followed; keywords beside one count for nothing, as in drafts 4 to 7. */
  resolve(schema: JsonSchema): JsonSchema {
    let at = schema;
    const seen = new Set<JsonSchema>();
    while (isObject(at) && typeof at['$ref'] === 'string') {
      if (seen.has(at)) throw invalidSchema(`the $ref ${at['$ref']} leads back to itself`);
      seen.add(at);
      const target = this.#target(at['$ref'], this.#homes.get(at) ?? this.root);
      if (isSchema(target) && isObject(target)) this.#settle(target, this.#homes.get(target) ?? this.root);
      at = target;
    }
    return at;
  }

  #target(reference: string, home: JsonSchema): JsonSchema {
    const [url = '', fragment = ''] = reference.split('#', 2);
    const root = url === '' ? home : this.#rootAt(url, home);
    if (root === undefined) {
      throw invalidSchema(`the $ref ${JSON.stringify(reference)} leads to no schema; name it among the references`);
    }
    if (fragment === '') return root;
    const found = fragment.startsWith('/') ? pointedAt(root, fragment) : this.#anchors.get(root)?.get(fragment);
    if (!isSchema(found)) throw invalidSchema(`the $ref ${JSON.stringify(reference)} leads to nothing`);
    if (isObject(found)) this.#settle(found, root);
    return found;
  }

  #rootAt(url: string, home: JsonSchema): JsonSchema | undefined {
    const base = isObject(home) ? (home['$id'] ?? home['id']) : undefined;
    const known = this.#roots.get(url);
    if (known !== undefined || typeof base !== 'string' || !URL.canParse(url, base)) return known;
    return this.#roots.get(new URL(url, base).href);
  }

  #add(name: string, root: JsonSchema): void {
    if (name !== '') this.#roots.set(name, root);
    if (!isObject(root)) return;
    this.#anchors.set(root, new Map());
    this.#settle(root, root);
  }

  /** Notes for all schemas in one which document they lie in, and under which names they are known. */
  #settle(schema: SchemaObject, home: JsonSchema): void {
    if (this.#homes.has(schema)) return;
    const id = schema['$id'] ?? schema['id'];
    if (typeof id === 'string') {
      if (id.startsWith('#')) this.#anchors.get(home)?.set(id.slice(1), schema);
      else this.#roots.set(id.replace(/#$/, ''), schema);
    }
    const anchor = schema['$anchor'];
    if (typeof anchor === 'string') this.#anchors.get(home)?.set(anchor, schema);
    this.#homes.set(schema, home);
    for (const [, inner] of innerSchemas(schema)) if (isObject(inner)) this.#settle(inner, home);
  }
}

/** The value at a JSON Pointer (RFC 6901); undefined when there is none. */
function pointedAt(root: JsonSchema, pointer: string): unknown {
  let at: unknown = root;
  for (const token of pointer.slice(1).split('/')) {
    const name = decodeToken(token);
    if (Array.isArray(at)) at = at[Number(name)];
    else if (isObject(at) && Object.hasOwn(at, name)) at = at[name];
    else return undefined;
  }
  return at;
}

function decodeToken(token: string): string {
  const text = token.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^(?:[^%]|%[0-7][0-9a-f])*$/i.test(text) ? decodeURIComponent(text) : text;
}
