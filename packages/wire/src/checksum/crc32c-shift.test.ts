import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32c } from './crc32c.ts';
import { shiftCrc32cDifference } from './crc32c-shift.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

test('a difference shifted by the bytes that follow is the difference of the whole', () => {
  const memory = Buffer.alloc(3 * 1024 * 1024);
  for (let i = 0; i < memory.length; i++) memory[i] = (i * 2654435761) >>> 13;
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 48 }),
      fc.nat(),
      fc.oneof(fc.nat(300), fc.nat(70_000), fc.nat(memory.length), fc.constantFrom(0, 255, 256, 65_536, 1 << 20)),
      (left, seed, count) => {
        const right = left.map((byte, i) => (byte ^ (seed >>> (i % 24))) & 0xff);
        const rest = memory.subarray(0, count);
        const whole = crc32c(rest, crc32c(left)) ^ crc32c(rest, crc32c(right));
        assert.equal(shiftCrc32cDifference(crc32c(left) ^ crc32c(right), count), whole >>> 0);
      },
    ),
    { numRuns: Math.ceil(300 * scale) },
  );
});

test('shifts add up, also to counts that no buffer here could have', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.nat(0x3fffffff), fc.nat(0x3fffffff), (difference, first, second) => {
      const inSteps = shiftCrc32cDifference(shiftCrc32cDifference(difference, first), second);
      assert.equal(shiftCrc32cDifference(difference, first + second), inSteps);
    }),
    { numRuns: Math.ceil(300 * scale) },
  );
});
