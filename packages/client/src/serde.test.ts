import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { bytes, json, nullable, type Serde, text, validated } from './serde.ts';
import { topic } from './topic.ts';

const refused = /it is null, which this serde does not take; wrap the serde in nullable\(\)/;

/** Numbers, written as digits; a validator by hand, to depend on no library's. */
const numberSchema: StandardSchemaV1<string, number> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'string' && /^\d+$/.test(value)
        ? { value: Number(value) }
        : { issues: [{ message: 'is no number', path: ['a', { key: 0 }] }] },
  },
};

/** What comes back of a value, by both ways of reading. */
function roundTrip<O, I>(serde: Serde<O, I>, value: I): O[] {
  const stored = serde.serialize(value);
  const asBytes = typeof stored === 'string' ? new Uint8Array(Buffer.from(stored)) : stored;
  const read = [serde.deserialize(asBytes)];
  if (serde.deserializeText !== undefined) {
    read.push(serde.deserializeText(asBytes === null ? null : Buffer.from(asBytes).toString()));
  }
  return read;
}

test('values come back as they were written, whichever way they are read', () => {
  assert.deepEqual(roundTrip(text, 'grüße 😀'), ['grüße 😀', 'grüße 😀']);
  assert.deepEqual(roundTrip(json<{ a: number[] }>(), { a: [1, 2] }), [{ a: [1, 2] }, { a: [1, 2] }]);
  assert.deepEqual(roundTrip(nullable(text), null), [null, null]);
  assert.deepEqual(roundTrip(nullable(json<number>()), 7), [7, 7]);
  assert.deepEqual(roundTrip(bytes, Buffer.from('x')), [Buffer.from('x')]);
  assert.deepEqual(roundTrip(bytes, null), [null]);
  assert.deepEqual(roundTrip(validated(numberSchema), '42'), [42, 42]);
});

test('null is refused where the serde does not take it, both ways', () => {
  assert.throws(() => text.serialize(null as unknown as string), refused);
  assert.throws(() => text.deserialize(null), refused);
  assert.throws(() => json().deserializeText?.(null), refused);
  assert.throws(() => json().serialize(undefined), /undefined and functions have no JSON form/);
});

test('a validator refuses with its own words and the place', () => {
  const serde = validated(numberSchema);
  assert.throws(() => serde.serialize('x'), /^TypeError: a.0: is no number$/);
  assert.throws(() => serde.deserialize(Buffer.from('"x"')), /a.0: is no number/);
  const later = { '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: 1 }) } } as const;
  assert.throws(() => validated(later).serialize(1), /validates asynchronously/);
});

test('a topic takes serdes and validators alike, and bytes for what it does not name', () => {
  const orders = topic('orders', { key: text, value: numberSchema });
  assert.equal(orders.key, text);
  assert.equal(orders.value.deserialize(Buffer.from('"5"')), 5);
  assert.equal(topic('raw').value, bytes);
});
