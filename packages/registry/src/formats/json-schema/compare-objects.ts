/**
 * Properties. An object that takes any further property has an open content model, one that takes none a closed one,
 * and one that takes some (`patternProperties`, a schema in `additionalProperties`) a partially open one.
 */
import type { Incompatibility } from '../../schema.ts';
import { admitsAll, type Comparing, finding } from './comparison.ts';
import { isObject, isSchema, type JsonSchema, type SchemaObject } from './json-schema.ts';

export function compareObjects(
  comparing: Comparing,
  reader: SchemaObject,
  writer: SchemaObject,
  path: string,
): Incompatibility[] {
  const [ofReader, ofWriter] = [propertiesOf(reader), propertiesOf(writer)];
  const base = path.endsWith('/') ? path : `${path}/`;
  const found: Incompatibility[] = [];
  for (const name of new Set([...Object.keys(ofReader), ...Object.keys(ofWriter)])) {
    const at = `${base}properties/${name}`;
    const [mine, its] = [own(ofReader, name), own(ofWriter, name)];
    if (mine !== undefined && its !== undefined) found.push(...comparing.compare(mine, its, at));
    else if (mine !== undefined) found.push(...added(comparing, mine, name, reader, writer, at));
    else if (its !== undefined) found.push(...removed(comparing, its, name, reader, at));
  }
  found.push(...requirements(comparing, reader, writer, base));
  const [rest, before] = [furtherOf(reader), furtherOf(writer)];
  if (before === false || admitsAll(comparing.readerSchema(rest))) return found;
  if (rest === false) return [...found, finding('ADDITIONAL_PROPERTIES_REMOVED', `${base}additionalProperties`)];
  if (before === true) return [...found, finding('ADDITIONAL_PROPERTIES_NARROWED', `${base}additionalProperties`)];
  return [...found, ...comparing.compare(rest, before, `${base}additionalProperties`)];
}

/** A property that only the reader names: what the writer let pass under that name must fit. */
function added(
  comparing: Comparing,
  schema: JsonSchema,
  name: string,
  reader: SchemaObject,
  writer: SchemaObject,
  at: string,
): Incompatibility[] {
  const found: Incompatibility[] = [];
  const before = furtherNamed(writer, name);
  if (before === true && !admitsAll(comparing.readerSchema(schema))) {
    found.push(finding('PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL', at));
  } else if (before !== false && before !== true && comparing.compare(schema, before, at).length > 0) {
    found.push(finding('PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL', at));
  }
  if (before !== true && requiredOf(reader).includes(name) && !hasDefault(comparing, schema)) {
    found.push(finding('REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL', at));
  }
  return found;
}

/** A property that only the writer names: the reader must let it pass. */
function removed(
  comparing: Comparing,
  schema: JsonSchema,
  name: string,
  reader: SchemaObject,
  at: string,
): Incompatibility[] {
  const further = furtherNamed(reader, name);
  if (schema === false || admitsAll(comparing.readerSchema(further))) return [];
  if (further === false) return [finding('PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL', at)];
  if (comparing.compare(further, schema, at).length === 0) return [];
  return [finding('PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL', at)];
}

/** Properties that both name, or neither, and that only the reader asks for. */
function requirements(
  comparing: Comparing,
  reader: SchemaObject,
  writer: SchemaObject,
  base: string,
): Incompatibility[] {
  const before = requiredOf(writer);
  const [ofReader, ofWriter] = [propertiesOf(reader), propertiesOf(writer)];
  return requiredOf(reader).flatMap((name) => {
    const schema = own(ofReader, name);
    const isNew = schema !== undefined && own(ofWriter, name) === undefined && furtherNamed(writer, name) !== true;
    if (before.includes(name) || isNew || (schema !== undefined && hasDefault(comparing, schema))) return [];
    return [finding('REQUIRED_ATTRIBUTE_ADDED', `${base}required/${name}`)];
  });
}

function propertiesOf({ properties }: SchemaObject): Readonly<Record<string, JsonSchema>> {
  return isObject(properties) ? (properties as Record<string, JsonSchema>) : {};
}

function own(properties: Readonly<Record<string, JsonSchema>>, name: string): JsonSchema | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function requiredOf({ required }: SchemaObject): readonly string[] {
  return Array.isArray(required) ? required : [];
}

/** What properties that are not named must be. */
function furtherOf({ additionalProperties, unevaluatedProperties }: SchemaObject): JsonSchema {
  if (isSchema(additionalProperties)) return additionalProperties;
  return isSchema(unevaluatedProperties) ? unevaluatedProperties : true;
}

/** What a property must be that is not named, by the patterns that its name matches, or else like all others. */
function furtherNamed(schema: SchemaObject, name: string): JsonSchema {
  const { patternProperties } = schema;
  if (isObject(patternProperties)) {
    for (const [pattern, inner] of Object.entries(patternProperties)) {
      if (isSchema(inner) && matches(pattern, name)) return inner;
    }
  }
  return furtherOf(schema);
}

/** A short pattern alone is run: it comes from outside, and may take forever on a long name. */
function matches(pattern: string, name: string): boolean {
  if (pattern.length > 200 || name.length > 200 || /[+*}]\)[+*{]/.test(pattern)) return false;
  try {
    return new RegExp(pattern, 'u').test(name);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function hasDefault(comparing: Comparing, schema: JsonSchema): boolean {
  const resolved = comparing.readerSchema(schema);
  return (isObject(schema) && 'default' in schema) || (isObject(resolved) && 'default' in resolved);
}
