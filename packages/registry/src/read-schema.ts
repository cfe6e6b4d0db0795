/** From the text of a schema to the schema: its references are looked up, theirs too, and all of them are read. */
import { parseSchema } from './formats/index.ts';
import { invalidSchema } from './registry-error.ts';
import type { ParsedSchema, ResolvedReference, SchemaText } from './schema.ts';
import type { RegistryState } from './state/registry-state.ts';

/** @throws RegistryError `invalid_schema` */
export function readSchema(state: RegistryState, text: SchemaText): ParsedSchema {
  return parseSchema(text.schemaType, text.schema, resolveReferences(state, text));
}

/** The schemas that a text builds on, each after those that it builds on itself, and each name once. */
export function resolveReferences(state: RegistryState, text: SchemaText): ResolvedReference[] {
  const resolved = new Map<string, ResolvedReference>();
  const visit = (from: Pick<SchemaText, 'references' | 'schemaType'>): void => {
    for (const { name, subject, version } of from.references) {
      if (resolved.has(name)) continue;
      const found = state.version(subject, version);
      if (found === undefined) {
        throw invalidSchema(`No schema reference found for subject "${subject}" and version ${version}`);
      }
      if (found.schemaType !== text.schemaType) {
        throw invalidSchema(`it refers to ${subject}, version ${version}, a schema of type ${found.schemaType}`);
      }
      visit(found);
      if (!resolved.has(name)) resolved.set(name, { name, schema: found.schema });
    }
  };
  visit(text);
  return [...resolved.values()];
}

/** The text in the form that is asked for; undefined is the text as it is kept. */
export function formattedSchema(state: RegistryState, text: SchemaText, format: string | undefined): string {
  if (format === undefined || format === '') return text.schema;
  return readSchema(state, text).formatted?.(format) ?? text.schema;
}
