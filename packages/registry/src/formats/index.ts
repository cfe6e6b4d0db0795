/** Reads schemas of all types, and remembers what it has read: parsing is the dear part of a comparison. */
import type { ParsedSchema, ResolvedReference, SchemaFormat, SchemaType } from '../schema.ts';
import { avroFormat } from './avro/avro-format.ts';
import { jsonSchemaFormat } from './json-schema/json-schema-format.ts';
import { protobufFormat } from './protobuf/protobuf-format.ts';

const formats: Readonly<Record<SchemaType, SchemaFormat>> = {
  AVRO: avroFormat,
  JSON: jsonSchemaFormat,
  PROTOBUF: protobufFormat,
};

/** How many read schemas are remembered. */
const rememberedMax = 1000;

const remembered = new Map<string, ParsedSchema>();

/** `references` lie in the order in which each builds on those before it. @throws RegistryError `invalid_schema` */
export function parseSchema(
  schemaType: SchemaType,
  schema: string,
  references: readonly ResolvedReference[],
): ParsedSchema {
  const key = JSON.stringify([schemaType, schema, references]);
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const parsed = formats[schemaType].parse(schema, references);
  if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value as string);
  remembered.set(key, parsed);
  return parsed;
}
