/** JSON Schemas, as the registry reads them. */
import { invalidSchema } from '../../registry-error.ts';
import type { ParsedSchema, ResolvedReference, SchemaFormat } from '../../schema.ts';
import { parseJsonText } from '../json-text.ts';
import { checkJsonSchema } from './check-json-schema.ts';
import { Comparison } from './comparison.ts';
import { isObject, isSchema, type JsonSchema, SchemaDocument } from './json-schema.ts';

class JsonSchemaText implements ParsedSchema {
  readonly schemaType = 'JSON';
  readonly canonical: string;
  readonly #document: SchemaDocument;

  constructor(document: SchemaDocument) {
    this.#document = document;
    this.canonical = JSON.stringify(document.root);
  }

  get normalized(): string {
    return JSON.stringify(sorted(this.#document.root));
  }

  reads(writer: ParsedSchema) {
    if (writer instanceof JsonSchemaText) return new Comparison(this.#document, writer.#document).findings();
    throw new TypeError(`a JSON Schema is not compared with a schema of type ${writer.schemaType}`);
  }
}

export const jsonSchemaFormat: SchemaFormat = {
  schemaType: 'JSON',
  parse(schema: string, references: readonly ResolvedReference[]): ParsedSchema {
    const others = references.map(({ name, schema: text }) => ({ name, root: parse(text) }));
    const document = new SchemaDocument(parse(schema), others);
    checkJsonSchema(document.root, document);
    return new JsonSchemaText(document);
  },
};

function parse(text: string): JsonSchema {
  const value = parseJsonText(text);
  if (isSchema(value)) return value;
  throw invalidSchema('it is no JSON Schema, which is an object or a boolean');
}

/** The value with the members of its objects ordered by name. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}
