import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type GivenRecord, recordOf } from '../testing/plain-batch.ts';
import { describeFields, describeRecord, differingFields, digestOf, isSameRecord } from './record-facts.ts';
import type { RecordField } from './verification.ts';

const runs = { numRuns: Math.ceil(500 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

const bytes = fc.option(fc.uint8Array({ maxLength: 3, max: 2 }));
const headers = fc.array(fc.record({ key: fc.constantFrom('', 'a', 'b'), value: bytes }), { maxLength: 3 });
const given: fc.Arbitrary<GivenRecord> = fc.record({
  offset: fc.nat(9),
  key: bytes,
  value: bytes,
  timestamp: fc.nat(2),
  headers,
});

function contentOf({ key, value, timestamp, headers: list }: GivenRecord): { [field in RecordField]: string } {
  const hex = (field: unknown): string | null =>
    field == null ? null : Buffer.from(field as Uint8Array).toString('hex');
  return {
    key: JSON.stringify(hex(key)),
    value: JSON.stringify(hex(value)),
    headers: JSON.stringify(list?.map((header) => [header.key, hex(header.value)])),
    timestamp: String(timestamp),
  };
}

test('records are the same exactly if key, value, headers and time are, and so are their digests', () => {
  fc.assert(
    fc.property(given, given, fc.subarray(['key', 'value', 'headers', 'timestamp'] as const), (one, other, taken) => {
      // Mostly alike, which two records drawn at random would not be.
      const alike = { ...other, ...Object.fromEntries(taken.map((field) => [field, one[field]])) };
      const [left, right] = [recordOf(one), recordOf(alike)];
      const [expected, found] = [contentOf(one), contentOf(alike)];
      const fields = (['key', 'value', 'headers', 'timestamp'] as const).filter(
        (field) => expected[field] !== found[field],
      );
      assert.deepEqual(differingFields(left, right), fields);
      assert.equal(isSameRecord(left, right), fields.length === 0);
      assert.equal(digestOf(left) === digestOf(right), fields.length === 0);
    }),
    runs,
  );
});

test('a difference deep in a long value is shown where it is, as text if it is printable', () => {
  const long = Buffer.alloc(500, 'abcdefghij');
  const other = Buffer.from(long);
  other[300] = 0x58;
  const [left, right] = [recordOf({ offset: 1, value: long }), recordOf({ offset: 1, value: other })];
  assert.equal(
    describeFields(left, right, ['value']),
    'value (500 bytes from byte 292 "cdefghijabcdefghijabcdefghijabcdefghijab"... in the source, ' +
      '500 bytes from byte 292 "cdefghijXbcdefghijabcdefghijabcdefghijab"... in the target)',
  );
  other[300] = 0;
  const unprintable = recordOf({ offset: 1, value: other });
  assert.match(describeFields(left, unprintable, ['value']), /from byte 292 0x636465666768696a00/);
});

test('records are described by key, value and time', () => {
  const timestamp = Date.UTC(2024, 0, 2);
  assert.equal(
    describeRecord(recordOf({ offset: 5, key: 'order "7"', value: Uint8Array.of(1, 255), timestamp })),
    'key 9 bytes "order \\"7\\"", value 2 bytes 0x01ff, time 1704153600000 (2024-01-02T00:00:00.000Z)',
  );
  assert.equal(describeRecord(recordOf({ offset: 5, timestamp: -1 })), 'no key, value null');
  assert.equal(
    describeRecord(recordOf({ offset: 5, value: '', timestamp: 2 ** 53 - 1 })),
    'no key, value 0 bytes, time 9007199254740991',
  );
});
