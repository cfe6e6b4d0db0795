/** Reads schemas of all types, and remembers what it has read: parsing is the dear part of a comparison. */
import { invalidSchema } from '../registry-error.ts';
import type { ParsedSchema, ResolvedReference, SchemaFormat, SchemaType } from '../schema.ts';
import { avroFormat } from './avro/avro-format.ts';

const formats: Readonly<Record<SchemaType, SchemaFormat | undefined>> = {
  AVRO: avroFormat,
  JSON: undefined,
  PROTOBUF: undefined,
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
  const format = formats[schemaType];
  if (format === undefined) throw invalidSchema(`the type ${schemaType} is not supported`);
  const parsed = format.parse(schema, references);
  if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value as string);
  remembered.set(key, parsed);
  return parsed;
}
