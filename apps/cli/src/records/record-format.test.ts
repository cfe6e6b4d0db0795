import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../framework/usage-error.ts';
import { unescapeBytes } from './escapes.ts';
import type { PrintedRecord, RecordPrinter } from './printed-record.ts';
import { compileFormat, delimitedPrinter } from './record-format.ts';

const record: PrintedRecord = {
  topic: 'orders',
  partition: 2,
  offset: 17,
  timestamp: 1769850000000,
  keyBytes: Buffer.from('kü'),
  valueBytes: Buffer.from([0, 255, 10]),
  headers: [
    { key: 'a', value: Buffer.from('1') },
    { key: 'b', value: null },
  ],
};

function printed(print: RecordPrinter, what: PrintedRecord = record): Buffer {
  const parts: Uint8Array[] = [];
  print(what, { text: (text) => parts.push(Buffer.from(text)), bytes: (bytes) => parts.push(bytes) });
  return Buffer.concat(parts);
}

test('prints every field', () => {
  assert.equal(
    printed(compileFormat('%t|%p|%o|%T|%k|%K|%S|%h|%%')).toString(),
    'orders|2|17|1769850000000|kü|3|3|a=1,b=NULL|%',
  );
});

test('prints values byte for byte', () => {
  assert.deepEqual(printed(compileFormat('%s')), Buffer.from([0, 255, 10]));
});

test('prints null as nothing, with length -1', () => {
  const tombstone = { ...record, keyBytes: null, valueBytes: null, headers: [] };
  assert.equal(printed(compileFormat('[%k]%K[%s]%S[%h]'), tombstone).toString(), '[]-1[]-1[]');
});

test('resolves escapes to bytes', () => {
  assert.deepEqual(printed(compileFormat('\\n\\t\\r\\0\\\\\\xff\\e')), Buffer.from([10, 9, 13, 0, 92, 255, 27]));
});

test('refuses letters and escapes that there are not', () => {
  for (const format of ['%z', '%', 'a%constructor', '\\q', '\\x4', '\\']) {
    assert.throws(() => compileFormat(format), UsageError, format);
  }
});

test('keeps all other text as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const format = text.replaceAll('\\', '\\\\').replaceAll('%', '%%');
      assert.equal(printed(compileFormat(format)).toString(), text);
    }),
  );
});

test('puts delimiters after the key and the record', () => {
  const newline = Buffer.from('\n');
  assert.deepEqual(printed(delimitedPrinter(undefined, newline)), Buffer.from([0, 255, 10, 10]));
  const keyed = Buffer.concat([Buffer.from('kü: '), Buffer.from([0, 255, 10, 10])]);
  assert.deepEqual(printed(delimitedPrinter(Buffer.from(': '), newline)), keyed);
});

test('reads delimiters with escapes, and refuses an empty one', () => {
  assert.deepEqual(unescapeBytes('a\\t\\xc3\\xbc→'), Buffer.from('a\tü→'));
  assert.throws(() => unescapeBytes(''), UsageError);
});
