import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProperties } from './properties.ts';

test('writes what Java reads back as it was', () => {
  const text = formatProperties({ 'a b:c': ' x\ny', path: 'C:\\kafka', name: 'zwölf=12', plain: 'a b' });
  assert.equal(text, 'a\\ b\\:c=\\ x\\ny\npath=C:\\\\kafka\nname=zw\\u00f6lf=12\nplain=a b\n');
});
