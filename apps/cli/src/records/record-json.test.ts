import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PrintedRecord } from './printed-record.ts';
import { type FieldContent, parseRecordJson, printRecordJson, RecordJsonError } from './record-json.ts';

const empty: PrintedRecord = {
  topic: 't',
  partition: 0,
  offset: 0,
  timestamp: 5,
  keyBytes: null,
  valueBytes: null,
  headers: [],
};

function line(record: PrintedRecord): string {
  let text = '';
  printRecordJson(record, { text: (part) => (text += part), bytes: () => assert.fail('JSON is text') });
  return text;
}

function bytesOf(content: FieldContent): Buffer | null {
  return content === null ? null : Buffer.from(content as string);
}

function read(json: unknown) {
  return parseRecordJson(Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)));
}

test('prints text as text, other bytes as base64, null as null', () => {
  const record: PrintedRecord = {
    topic: 'orders',
    partition: 1,
    offset: 2,
    timestamp: 3,
    keyBytes: Buffer.from('ü"\n'),
    valueBytes: Buffer.from([0xff, 0xfe]),
    headers: [
      { key: 'h', value: Buffer.from('v') },
      { key: 'h', value: Buffer.from([0x80]) },
      { key: '', value: null },
    ],
  };
  assert.equal(
    line(record),
    '{"topic":"orders","partition":1,"offset":2,"timestamp":3,"key":"ü\\"\\n","valueBase64":"//4=",' +
      '"headers":[{"key":"h","value":"v"},{"key":"h","valueBase64":"gA=="},{"key":"","value":null}]}\n',
  );
});

test('reads back exactly the bytes that were printed', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
    fc.constantFrom(Buffer.from([0xef, 0xbb, 0xbf, 0x61]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.alloc(0), null),
  );
  const headers = fc.array(fc.record({ key: fc.string({ unit: 'grapheme' }), value: bytes }), { maxLength: 4 });
  fc.assert(
    fc.property(bytes, bytes, headers, (keyBytes, valueBytes, given) => {
      const text = line({ ...empty, keyBytes, valueBytes, headers: given });
      assert.equal(text.indexOf('\n'), text.length - 1, 'one line');
      const back = read(text);
      assert.deepEqual(bytesOf(back.key), keyBytes && Buffer.from(keyBytes));
      assert.deepEqual(bytesOf(back.value), valueBytes && Buffer.from(valueBytes));
      assert.deepEqual(
        back.headers.map(([key, value]) => ({ key, value: bytesOf(value) })),
        given.map(({ key, value }) => ({ key, value: value && Buffer.from(value) })),
      );
    }),
    { numRuns: 200 },
  );
});

test('needs nothing but a value', () => {
  assert.deepEqual(read({ value: 'v' }), {
    key: null,
    value: 'v',
    headers: [],
    partition: undefined,
    timestamp: undefined,
  });
  assert.deepEqual(read({ value: null, timestamp: -1, headers: { a: '1', b: null } }).headers, [
    ['a', '1'],
    ['b', null],
  ]);
});

test('says what is wrong with a line', () => {
  for (const [json, message] of [
    ['{"value"', /^it is not JSON: /],
    ['[1]', /^it is not a JSON object/],
    ['null', /^it is not a JSON object/],
    [{}, /neither "value" nor "valueBase64"/],
    [{ value: 5 }, /^"value" is neither text nor null; put an object or a number in quotes/],
    [{ value: 'a', valueBase64: 'YQ==' }, /both "value" and "valueBase64"/],
    [{ valueBase64: 'a!' }, /^"valueBase64" is not base64$/],
    [{ valueBase64: 7 }, /^"valueBase64" is not text$/],
    ['{"value":"\\ud800"}', /half of a surrogate pair/],
    [{ value: '', partition: -1 }, /^"partition" is not a whole number/],
    [{ value: '', timestamp: 1.5 }, /^"timestamp" is not a whole number/],
    [{ value: '', headers: 'x' }, /^"headers" is neither/],
    [{ value: '', headers: ['x'] }, /^a header is not an object/],
  ] as const) {
    assert.throws(
      () => read(json),
      (error) => error instanceof RecordJsonError && message.test(error.message),
      String(message),
    );
  }
  assert.throws(() => parseRecordJson(Buffer.from([0x22, 0xff, 0x22])), /not UTF-8/);
});

test('refuses any other text with its own error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        read(text);
      } catch (error) {
        assert.ok(error instanceof RecordJsonError, String(error));
      }
    }),
  );
});
