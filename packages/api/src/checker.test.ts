import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { compileChecker } from './checker.ts';

const checker = compileChecker(
  Type.Object(
    {
      kind: Type.Enum(['page', 'track']),
      at: Type.Optional(Type.String({ format: 'date-time' })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
      'a/b~c': Type.Optional(Type.String({ minLength: 1 })),
    },
    { additionalProperties: false },
  ),
);

test('a value of the right shape has no issues', () => {
  assert.equal(checker.check({ kind: 'page' }), true);
  assert.deepEqual(checker.issues({ kind: 'page', at: '2026-01-31T12:00:00.000Z', limit: 3 }), []);
});

test('every wrong field is named once, with what is wrong about it', () => {
  assert.deepEqual(checker.issues({ kind: 'click', at: 'yesterday', limit: 'two', 'a/b~c': '', more: 1 }), [
    { field: '/more', message: 'is not known here' },
    { field: '/kind', message: 'must be one of page, track' },
    { field: '/at', message: 'must be a time as in RFC 3339, for example 2026-01-31T12:00:00.000Z' },
    { field: '/limit', message: 'must be an integer' },
    { field: '/a~1b~0c', message: 'must not be empty' },
  ]);
});

test('a missing field is named by its own pointer', () => {
  assert.deepEqual(checker.issues({}), [{ field: '/kind', message: 'is required' }]);
});

test('what is no object at all is said so', () => {
  for (const value of [null, 3, 'page', [], undefined]) {
    assert.deepEqual(checker.issues(value), [{ field: '', message: 'must be an object' }]);
  }
});

test('text of a query string becomes the number that the schema asks for', () => {
  assert.deepEqual(checker.convert({ kind: 'page', limit: '7' }), { kind: 'page', limit: 7 });
});

test('a time that has no place in the calendar of programs is none', () => {
  for (const at of [
    '2026-12-31T23:59:60Z',
    '2026-01-31T12:00:00Z[Europe/Paris]',
    '2026-02-30T12:00:00Z',
    '2026-01-31',
  ]) {
    assert.equal(checker.check({ kind: 'page', at }), false, at);
  }
});
