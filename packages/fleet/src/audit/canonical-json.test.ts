import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.ts';

test('members are in order of their names, whatever wrote them down', () => {
  assert.equal(
    canonicalJson({ b: [1, { d: null, c: 'é' }], a: 1.5e30, '': true }),
    '{"":true,"a":1.5e+30,"b":[1,{"c":"é","d":null}]}',
  );
  assert.equal(canonicalJson({ a: undefined, b: [undefined] }), '{"b":[null]}');
  assert.equal(canonicalJson({ '\u{1f600}': 1, '\ufb33': 2 }), '{"\u{1f600}":1,"\ufb33":2}');
});

test('a value keeps its text when its members are shuffled and it is stored as JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      assert.equal(canonicalJson(JSON.parse(text)), text);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalJson(reversed(value)), text);
    }),
  );
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}
