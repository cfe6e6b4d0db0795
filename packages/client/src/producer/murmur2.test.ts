import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { murmur2, murmur2Text } from './murmur2.ts';
import { keyPartitioner } from './partitioner.ts';

test("hashes as Kafka's Java client does", () => {
  // The vectors of UtilsTest in Apache Kafka.
  const vectors: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ];
  for (const [text, hash] of vectors) {
    assert.equal(murmur2(Buffer.from(text)), hash, text);
    assert.equal(murmur2Text(text), hash, text);
  }
});

test('hashes text as it hashes its UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
      assert.equal(murmur2Text(text), murmur2(Buffer.from(text)));
    }),
  );
});

test('puts a key into the partition that the sign-less hash names, and leaves records without a key open', () => {
  assert.equal(keyPartitioner.partition('t', 'foobar', 1_000), (-790332482 & 0x7fffffff) % 1_000);
  assert.equal(keyPartitioner.partition('t', Buffer.from('foobar'), 7), keyPartitioner.partition('t', 'foobar', 7));
  assert.equal(keyPartitioner.partition('t', null, 7), -1);
});
