import assert from 'node:assert/strict';
import { test } from 'node:test';
import { avroFormat } from './avro-format.ts';

const parse = (schema: unknown, references: { name: string; schema: string }[] = []) =>
  avroFormat.parse(JSON.stringify(schema), references);
const record = (...fields: object[]) => ({ type: 'record', name: 'R', fields });

function judge(reader: unknown, writer: unknown): string[] {
  return parse(reader)
    .reads(parse(writer))
    .map(({ errorType }) => errorType);
}

test('a schema is kept with its attributes in one order and its names as short as their place allows', () => {
  const schema = {
    fields: [
      { type: { type: 'shop.Money', name: 'x' }, name: 'total', doc: 'all' },
      { name: 'next', type: ['null', 'shop.Order'], default: null },
      { name: 'at', type: { logicalType: 'timestamp-millis', type: 'long' }, order: 'ascending' },
    ],
    doc: 'An order',
    name: 'shop.Order',
    type: 'record',
    owner: 'sales',
  };
  const money = { name: 'money', schema: '{"type":"fixed","name":"shop.Money","size":8}' };
  assert.equal(
    parse(schema, [money]).canonical,
    '{"type":"record","name":"Order","namespace":"shop","doc":"An order","fields":[' +
      '{"name":"total","type":"Money","doc":"all"},{"name":"next","type":["null","Order"],"default":null},' +
      '{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}],"owner":"sales"}',
  );
  assert.equal(parse('string').canonical, '"string"');
  assert.equal(avroFormat.parse('string', []).canonical, '"string"');
});

test('schema resolution decides what can be read', () => {
  const [a, b] = [
    { name: 'a', type: 'int' },
    { name: 'b', type: 'string' },
  ];
  assert.deepEqual(judge(record(a), record(a, b)), []);
  assert.deepEqual(judge(record(a, b), record(a)), ['READER_FIELD_MISSING_DEFAULT_VALUE']);
  assert.deepEqual(judge(record(a, { ...b, default: '' }), record(a)), []);
  assert.deepEqual(judge(record({ name: 'x', aliases: ['a'], type: 'int' }), record(a)), []);
  for (const [reader, writer] of [
    ['long', 'int'],
    ['float', 'long'],
    ['double', 'float'],
    ['bytes', 'string'],
    ['string', 'bytes'],
  ]) {
    assert.deepEqual(judge(reader, writer), []);
  }
  assert.deepEqual(judge('int', 'long'), ['TYPE_MISMATCH']);
  assert.deepEqual(judge(['null', 'int'], 'int'), []);
  assert.deepEqual(judge('int', ['null', 'int']), ['MISSING_UNION_BRANCH']);
  assert.deepEqual(judge(['null', 'int'], 'string'), ['MISSING_UNION_BRANCH']);
  const letters = (symbols: string[], more = {}) => ({ type: 'enum', name: 'E', symbols, ...more });
  assert.deepEqual(judge(letters(['A']), letters(['A', 'B'])), ['MISSING_ENUM_SYMBOLS']);
  assert.deepEqual(judge(letters(['A'], { default: 'A' }), letters(['A', 'B'])), []);
  const fixed = (size: number, name = 'F') => ({ type: 'fixed', name, size });
  assert.deepEqual(judge(fixed(4), fixed(8)), ['FIXED_SIZE_MISMATCH']);
  assert.deepEqual(judge(fixed(4, 'G'), fixed(4)), ['NAME_MISMATCH']);
  assert.deepEqual(judge({ ...fixed(4, 'G'), aliases: ['F'] }, fixed(4)), []);
});

test('recursive schemas are compared to their end', () => {
  const list = (type: string) => record({ name: 'value', type }, { name: 'next', type: ['null', 'R'] });
  assert.deepEqual(judge(list('long'), list('int')), []);
  assert.ok(judge(list('int'), list('string')).includes('TYPE_MISMATCH'));
});

test('what is no Avro schema is refused with what is wrong', () => {
  const refused: readonly (readonly [unknown, RegExp])[] = [
    ['Missing', /"Missing" is not defined/],
    [{ type: 'record', name: '1', fields: [] }, /is not a name/],
    [record({ name: 'a', type: 'int' }, { name: 'a', type: 'int' }), /has the field a twice/],
    [record({ name: 'a', type: 'int', default: 'x' }), /the default "x" of field a/],
    [{ type: 'enum', name: 'E', symbols: ['A', 'A'] }, /with a symbol in it twice/],
    [['int', 'int'], /with int in it twice/],
    [{ type: 'array' }, /lacks items/],
    [[record(), record()], /redefine/],
  ];
  for (const [schema, problem] of refused) {
    assert.throws(() => parse(schema), { code: 'invalid_schema', message: problem });
  }
  const deep = `${'{"type":"array","items":'.repeat(50_000)}"int"${'}'.repeat(50_000)}`;
  assert.throws(() => avroFormat.parse(deep, []), { code: 'invalid_schema', message: /nests deeper/ });
});
