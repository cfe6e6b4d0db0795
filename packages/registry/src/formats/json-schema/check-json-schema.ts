/** Whether a value has the shape of a JSON Schema (drafts 4 to 2020-12): keywords have values that they can have. */
import { invalidSchema } from '../../registry-error.ts';
import { innerSchemas, isObject, isSchema, type JsonSchema, type SchemaDocument } from './json-schema.ts';

/** Deeper schemas are refused: what reads and compares them recurses. */
const depthMax = 100;

const typeNames: ReadonlySet<unknown> = new Set([
  'null',
  'boolean',
  'object',
  'array',
  'number',
  'integer',
  'string',
  'any',
]);
const counts = ['maxLength', 'minLength', 'maxItems', 'minItems', 'maxProperties', 'minProperties'];
const numbers = ['maximum', 'minimum', 'multipleOf'];
const maps = ['properties', 'patternProperties', 'definitions', '$defs', 'dependentSchemas'];
const lists = ['allOf', 'anyOf', 'oneOf', 'enum', 'required'];

/** @throws RegistryError `invalid_schema` with the place of the first mistake. */
export function checkJsonSchema(value: unknown, document: SchemaDocument): asserts value is JsonSchema {
  check(value, '#', 0, document);
}

function check(value: unknown, path: string, depth: number, document: SchemaDocument): void {
  if (depth > depthMax) throw invalidSchema(`it nests deeper than ${depthMax} levels`);
  if (!isSchema(value)) throw invalidSchema(`at ${path}: it is no JSON Schema, which is an object or a boolean`);
  if (!isObject(value)) return;
  const refuse = (keyword: string, expected: string): never => {
    throw invalidSchema(`at ${path}: ${keyword} must be ${expected}`);
  };
  const { type, pattern } = value;
  const types = Array.isArray(type) ? type : type === undefined ? [] : [type];
  if (!types.every((each) => typeNames.has(each) || isObject(each))) refuse('type', 'the name of a type, or a list');
  for (const name of counts) {
    if (name in value && !(Number.isInteger(value[name]) && (value[name] as number) >= 0)) refuse(name, 'a count');
  }
  for (const name of numbers) if (name in value && typeof value[name] !== 'number') refuse(name, 'a number');
  for (const name of maps) if (name in value && !isObject(value[name])) refuse(name, 'an object');
  for (const name of lists) {
    // Drafts before 4 had `required` as a flag of a property.
    const isFlag = name === 'required' && typeof value[name] === 'boolean';
    if (name in value && !Array.isArray(value[name]) && !isFlag) refuse(name, 'a list');
  }
  if (pattern !== undefined && typeof pattern !== 'string') refuse('pattern', 'a regular expression');
  if (typeof value['$ref'] === 'string') document.resolve(value);
  for (const [step, inner] of innerSchemas(value)) check(inner, `${path}/${step}`, depth + 1, document);
}
