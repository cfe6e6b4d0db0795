import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonSchemaFormat } from './json-schema-format.ts';

const parse = (schema: unknown, references: { name: string; schema: string }[] = []) =>
  jsonSchemaFormat.parse(JSON.stringify(schema), references);

function judge(reader: unknown, writer: unknown): string[] {
  return parse(reader)
    .reads(parse(writer))
    .map(({ errorType }) => errorType);
}

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const closed = { additionalProperties: false };
const [string, number] = [{ type: 'string' }, { type: 'number' }];

test('properties of open, closed and partially open objects', () => {
  assert.deepEqual(judge(object({ a: string, b: string }), object({ a: string })), [
    'PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL',
  ]);
  assert.deepEqual(judge(object({ a: string, b: {} }), object({ a: string })), []);
  assert.deepEqual(judge(object({ a: string }), object({ a: string, b: string })), []);
  assert.deepEqual(judge(object({ a: string, b: string }, closed), object({ a: string }, closed)), []);
  assert.deepEqual(judge(object({ a: string }, closed), object({ a: string, b: string }, closed)), [
    'PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL',
  ]);
  const required = { ...closed, required: ['b'] };
  assert.deepEqual(judge(object({ b: string }, required), object({}, closed)), [
    'REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL',
  ]);
  assert.deepEqual(judge(object({ b: { ...string, default: '' } }, required), object({}, closed)), []);
  assert.deepEqual(judge(object({ b: string }, required), object({ b: string }, closed)), ['REQUIRED_ATTRIBUTE_ADDED']);
  assert.deepEqual(judge(object({}, closed), object({})), ['ADDITIONAL_PROPERTIES_REMOVED']);
  const strings = { additionalProperties: string };
  assert.deepEqual(judge(object({}, strings), object({})), ['ADDITIONAL_PROPERTIES_NARROWED']);
  assert.deepEqual(judge(object({ a: string }, closed), object({}, strings)), ['ADDITIONAL_PROPERTIES_REMOVED']);
  assert.deepEqual(judge(object({ a: number }, strings), object({}, strings)), [
    'PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL',
  ]);
});

test('types, values and bounds may widen and not narrow', () => {
  assert.deepEqual(judge({ type: ['string', 'null'] }, string), []);
  assert.deepEqual(judge(string, { type: ['string', 'null'] }), ['TYPE_NARROWED']);
  assert.deepEqual(judge(string, number), ['TYPE_CHANGED']);
  assert.deepEqual(judge(number, { type: 'integer' }), []);
  assert.deepEqual(judge({ type: 'integer' }, number), ['TYPE_NARROWED']);
  assert.deepEqual(judge({ enum: ['a', 'b'] }, { enum: ['a'] }), []);
  assert.deepEqual(judge({ enum: ['a'] }, { enum: ['a', 'b'] }), ['ENUM_ARRAY_NARROWED']);
  assert.deepEqual(judge({ ...string, maxLength: 5 }, { ...string, maxLength: 9 }), ['MAX_LENGTH_DECREASED']);
  assert.deepEqual(judge({ ...string, maxLength: 9 }, { ...string, maxLength: 5 }), []);
  assert.deepEqual(judge({ ...number, minimum: 1 }, number), ['MINIMUM_ADDED']);
  assert.deepEqual(judge({ ...number, multipleOf: 2 }, { ...number, multipleOf: 4 }), []);
  assert.deepEqual(judge({ ...string, pattern: 'a' }, { ...string, pattern: 'b' }), ['PATTERN_CHANGED']);
  assert.deepEqual(judge({}, { type: 'array' }), []);
  assert.deepEqual(judge(true, string), []);
});

test('arrays, and schemas made of others', () => {
  const array = (items: unknown) => ({ type: 'array', items });
  assert.deepEqual(judge(array(string), array(number)), ['TYPE_CHANGED']);
  assert.deepEqual(judge(array([string, string]), array([string])), ['ITEM_ADDED_TO_OPEN_CONTENT_MODEL']);
  assert.deepEqual(judge({ oneOf: [string, number] }, { oneOf: [string] }), []);
  assert.deepEqual(judge({ oneOf: [string] }, { oneOf: [string, number] }), ['SUM_TYPE_NARROWED']);
  assert.deepEqual(judge({ oneOf: [string, number] }, string), []);
  assert.deepEqual(judge({ allOf: [string, { maxLength: 3 }] }, { allOf: [string] }), ['PRODUCT_TYPE_EXTENDED']);
  assert.deepEqual(judge({ oneOf: [string, { type: 'null' }] }, { oneOf: [string, number] }), [
    'COMBINED_TYPE_SUBSCHEMAS_CHANGED',
  ]);
});

test('references within a schema and to others are followed, recursive ones too', () => {
  const list = (value: unknown) => ({
    type: 'object',
    properties: { value, next: { $ref: '#' }, first: { $ref: '#/$defs/first' } },
    $defs: { first: value },
  });
  assert.deepEqual(judge(list(string), list(string)), []);
  assert.deepEqual(judge(list(number), list(string)), ['TYPE_CHANGED', 'TYPE_CHANGED']);
  const schema = { type: 'object', properties: { item: { $ref: 'item.json#/$defs/item' } } };
  const item = { name: 'item.json', schema: JSON.stringify({ $defs: { item: string } }) };
  assert.equal(parse(schema, [item]).canonical, JSON.stringify(schema));
  assert.throws(() => parse(schema), { code: 'invalid_schema', message: /leads to no schema/ });
  assert.throws(() => parse({ $ref: '#/$defs/none' }), { code: 'invalid_schema', message: /leads to nothing/ });
  assert.throws(() => parse({ $defs: { a: { $ref: '#/$defs/a' } } }), { code: 'invalid_schema' });
});

test('what is no JSON Schema is refused with its place', () => {
  assert.throws(() => parse({ properties: { a: { type: 'text' } } }), /at #\/properties\/a: type must be/);
  assert.throws(() => parse({ properties: { a: 7 } }), /at #\/properties\/a: it is no JSON Schema/);
  assert.throws(() => jsonSchemaFormat.parse('{', []), /it is not JSON/);
});
