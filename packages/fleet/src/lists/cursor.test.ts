import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cursorOf, readCursor } from './cursor.ts';

test('a cursor is what it was made of; anything else is refused', () => {
  assert.deepEqual(readCursor(cursorOf([17, 'a/b']), ['number', 'string']), [17, 'a/b']);
  for (const odd of ['', 'x', '%00', cursorOf([1]), cursorOf(['1', 'a']), cursorOf([1.5, 'a']), cursorOf([1, 'a\0'])]) {
    assert.throws(() => readCursor(odd, ['number', 'string']), { code: 'invalid_request' });
  }
});
