import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32c, crc32cByTable, crc32cImplementation } from './crc32c.ts';

const runs = { numRuns: Math.ceil(200 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

test('crc32c gives the checksums of RFC 3720, by table and for long inputs alike', () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  for (const checksum of [crc32c, crc32cByTable]) {
    assert.equal(checksum(Buffer.from('123456789')), 0xe3069283);
    assert.equal(checksum(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(checksum(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
    assert.equal(checksum(ascending), 0x46dd794e);
    assert.equal(checksum(ascending.toReversed()), 0x113fdb5c);
    assert.equal(checksum(new Uint8Array(0)), 0);
  }
});

test('crc32c of long inputs runs natively where the module loads', () => {
  assert.equal(crc32cImplementation().name, 'native', String(crc32cImplementation().cause));
});

test('crc32c of a range, in one piece or continued, is the table’s of the same bytes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 1200 }),
      fc.tuple(fc.nat(1200), fc.nat(1200), fc.nat(1200)),
      fc.nat(7),
      (content, cuts, shift) => {
        // At any alignment in its memory.
        const memory = new Uint8Array(content.length + shift);
        memory.set(content, shift);
        const bytes = memory.subarray(shift);
        const [start, middle, end] = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b) as [
          number,
          number,
          number,
        ];
        const whole = crc32c(bytes, 0, start, end);
        assert.equal(whole, crc32cByTable(bytes.slice(start, end)));
        assert.equal(crc32c(bytes, crc32c(bytes, 0, start, middle), middle, end), whole);
      },
    ),
    runs,
  );
});
