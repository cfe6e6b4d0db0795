import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ContentDigest } from './content-digest.ts';

const runs = { numRuns: Math.ceil(1000 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

const digest = new ContentDigest();

function digestOf(parts: readonly (Uint8Array | number | null)[]): Uint32Array {
  digest.begin();
  for (const part of parts) {
    if (typeof part === 'number') digest.addNumber(part);
    else digest.add(part);
  }
  digest.end();
  return digest.words.slice();
}

test('contents that differ in a bit, a length or a border have digests that differ in each half', () => {
  const bytes = fc.option(fc.uint8Array({ maxLength: 40 }));
  const lists = fc.array(bytes, { minLength: 1, maxLength: 4 });
  const flip = fc.tuple(fc.nat(), fc.nat(7));
  fc.assert(
    fc.property(lists, flip, (parts, [place, bit]) => {
      const others: (Uint8Array | null)[][] = [
        [...parts, null],
        [...parts, new Uint8Array(0)],
        parts.map((part, index) => (index === 0 ? Uint8Array.of(...(part ?? []), 0) : part)),
        [parts[0] === null ? new Uint8Array(0) : parts[0]?.length === 0 ? null : Uint8Array.of(), ...parts.slice(1)],
      ];
      const [first, second] = parts;
      if (first && second && first.length > 0) {
        others.push([first.subarray(0, -1), Uint8Array.of(first.at(-1) as number, ...second), ...parts.slice(2)]);
      }
      if (first && first.length > 0) {
        const flipped = Uint8Array.from(first);
        flipped[place % first.length]! ^= 1 << bit;
        others.push([flipped, ...parts.slice(1)]);
      }
      const digested = digestOf(parts);
      assert.deepEqual(digestOf(parts), digested);
      for (const other of others) {
        const words = digestOf(other);
        assert.ok(words[0] !== digested[0] || words[1] !== digested[1], 'the first 64 bits');
        assert.ok(words[2] !== digested[2] || words[3] !== digested[3], 'the last 64 bits');
      }
    }),
    runs,
  );
});

test('counted keys of any form have digests of their own', () => {
  const count = 50_000;
  const forms: readonly ((number: number) => Uint8Array)[] = [
    (number) => Buffer.from(String(number)),
    (number) => Buffer.from(`user-${String(number).padStart(12, '0')}`),
    (number) => Buffer.from(new Uint32Array([number]).buffer),
    (number) => Buffer.from(new BigUint64Array([BigInt(number) << 40n]).buffer),
    (number) => new Uint8Array(number % 600).fill(number / 600),
  ];
  for (const form of forms) {
    const seen = new Set<string>();
    const contents = new Set<string>();
    for (let number = 0; number < count; number++) {
      const bytes = form(number);
      contents.add(Buffer.from(bytes).toString('latin1'));
      const words = digestOf([bytes]);
      seen.add(`${words[0]} ${words[1]}`);
    }
    assert.equal(seen.size, contents.size);
  }
});

test('a flipped bit changes about half of the bits', () => {
  const bytes = Buffer.from('the quick brown fox jumps over the lazy dog');
  const before = digestOf([bytes]);
  let changed = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    for (const [index, word] of digestOf([bytes]).entries()) changed += ones(word ^ before[index]!);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
  const share = changed / (bytes.length * 8 * 128);
  assert.ok(share > 0.45 && share < 0.55, `${share} of the bits`);
});

test('numbers are told apart', () => {
  const numbers = [0, 1, -1, 1_700_000_000_000, 1_700_000_000_001, Number.MAX_SAFE_INTEGER];
  assert.equal(new Set(numbers.map((number) => digestOf([number]).join())).size, numbers.length);
});

function ones(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest > 0; rest &= rest - 1, rest >>>= 0) count++;
  return count;
}
