import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseProperties } from './properties.ts';

test("reads every form of Java's format", () => {
  const text = [
    '# comment',
    '  ! comment too',
    '',
    'plain=value',
    '  spaced   =   with spaces  ',
    'colon: value',
    'blank value',
    'empty',
    'empty.too=',
    'equals=a=b:c',
    'es\\ caped\\:key=\\u00fc\\t\\q',
    'joined = one,\\',
    '    two,\\',
    '    three',
    'back=C:\\\\dir\\\\',
    'last=first',
    'last=second',
    'open=end\\',
  ].join('\r\n');
  assert.deepEqual(Object.fromEntries(parseProperties(text)), {
    plain: 'value',
    spaced: 'with spaces  ',
    colon: 'value',
    blank: 'value',
    empty: '',
    'empty.too': '',
    equals: 'a=b:c',
    'es caped:key': 'ü\tq',
    joined: 'one,two,three',
    back: 'C:\\dir\\',
    last: 'second',
    open: 'end',
  });
});

test('reads back what is escaped as Java stores it', () => {
  const escaped = (text: string): string =>
    text
      .replace(/[\\ \t\f=:#!]/g, '\\$&')
      .replaceAll('\n', '\\n')
      .replaceAll('\r', '\\r');
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (entries) => {
      const text = Object.entries(entries).map(([key, value]) => `${escaped(key)} = ${escaped(value)}\n`);
      assert.deepEqual([...parseProperties(text.join(''))], Object.entries(entries));
    }),
  );
});
