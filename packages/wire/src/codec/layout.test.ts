import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../schema.ts';
import { bytesMinOf, defaultsOf, isDefault, layoutOf } from './layout.ts';

const element = {
  id: { type: 'int64' },
  name: { type: 'string', nullable: '1+' },
  later: { type: 'uuid', versions: '2+' },
  noted: { type: 'int32', tag: 0, tagged: '1+' },
  list: { type: 'array', of: { deep: { type: 'int64' } } },
  struct: { type: 'struct', fields: { flag: { type: 'bool' }, count: { type: 'uint16' } } },
  maybe: { type: 'struct', nullable: '0+', default: null, fields: { deep: { type: 'int64' } } },
} as const satisfies Fields;

test('the fewest bytes of an element are those of its plain fields, their contents empty', () => {
  assert.equal(bytesMinOf({ ...element, noted: { type: 'int32' } }, 0, false), 8 + 2 + 4 + 4 + (1 + 2) + 1);
  // In a flexible version lengths take one byte, and each struct that is there has one for its tags.
  assert.equal(bytesMinOf(element, 1, true), 8 + 1 + 1 + (1 + 2 + 1) + 1 + 1);
  assert.equal(bytesMinOf(element, 2, true), 8 + 1 + 16 + 1 + (1 + 2 + 1) + 1 + 1);
  assert.deepEqual(
    [bytesMinOf('string', 0, true), bytesMinOf('string', 0, false), bytesMinOf('int8', 0, true)],
    [1, 2, 1],
  );
  assert.equal(bytesMinOf({}, 0, false), 1, 'an array of nothing still takes memory');
});

test('a field tagged outside of the flexible versions is a bug of the schema', () => {
  assert.throws(() => layoutOf(element, 1, false), /noted is tagged outside a flexible version/);
});

test('a struct of defaults is not the default of a field whose default is null', () => {
  const nothing = defaultsOf(element.maybe.fields);
  assert.equal(isDefault(element.maybe, nothing), false);
  assert.equal(isDefault(element.maybe, null), true);
  assert.equal(isDefault(element.struct, { flag: false }), true);
  assert.equal(isDefault(element.struct, { flag: false, count: 1 }), false);
});
