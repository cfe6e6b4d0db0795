import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool, HeldMemory } from '@millrace/base';
import fc from 'fast-check';
import { Tail } from './tail.ts';
import { TailCache } from './tail-cache.ts';

const batchBytes = 1000;

function batch(): Uint8Array {
  return new Uint8Array(batchBytes);
}

/** What a log's tail holds, in bytes, found by reading from its first offset. */
function bytesIn(tail: Tail): number {
  if (tail.firstOffset === Number.POSITIVE_INFINITY) return 0;
  const chunks = tail.read(tail.firstOffset, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, true);
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

test('all logs together never hold more than the bound', () => {
  const step = fc.record({ log: fc.nat(5), forget: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const bound = 20 * batchBytes;
      const cache = new TailCache(bound, new BufferPool());
      const tails = Array.from({ length: 6 }, () => new Tail());
      const ends = new Array<number>(6).fill(0);
      for (const { log, forget } of steps) {
        const tail = tails[log] as Tail;
        const end = ends[log] as number;
        if (forget && end > 0) {
          cache.truncate(tail, end - 1);
          ends[log] = end - 1;
        } else {
          cache.push(tail, end, end + 1, batch()).buffer.release();
          ends[log] = end + 1;
        }
        assert.ok(tails.reduce((sum, each) => sum + bytesIn(each), 0) <= bound);
      }
      for (const [log, tail] of tails.entries()) {
        assert.equal(tail.length, bytesIn(tail) / batchBytes);
        if (tail.length > 0) assert.equal(tail.firstOffset, (ends[log] as number) - tail.length);
      }
    }),
  );
});

test('logs that come and go do not push out the batches of one that stays', () => {
  const cache = new TailCache(100 * (batchBytes + 256), new BufferPool());
  const staying = new Tail();
  for (let offset = 0; offset < 50; offset++) cache.push(staying, offset, offset + 1, batch()).buffer.release();
  for (let round = 0; round < 5000; round++) {
    const passing = new Tail();
    cache.push(passing, 0, 1, batch()).buffer.release();
    cache.truncate(passing, 0);
  }
  assert.equal(staying.length, 50);
});

test('the memory of batches is used again, but for those that somebody still uses', () => {
  const bound = 256 * 1024;
  const pool = new BufferPool({ scribbles: true });
  const cache = new TailCache(bound, pool);
  const tail = new Tail();
  const filled = (offset: number): Uint8Array => Buffer.alloc(batchBytes, offset % 200);
  const held = new HeldMemory(pool);
  let kept: readonly Uint8Array[] = [];
  const memories = new Set<ArrayBufferLike>();
  for (let offset = 0; offset < 5000; offset++) {
    const { bytes, buffer } = cache.push(tail, offset, offset + 1, filled(offset));
    memories.add(bytes.buffer);
    buffer.release();
    if (offset === 10) kept = tail.read(0, 11, bound, true, held);
    const [newest] = tail.read(offset, offset + 1, bound, true);
    assert.deepEqual(newest, filled(offset));
  }
  assert.ok(memories.size <= 12, `${memories.size} buffers`);
  assert.deepEqual(
    kept,
    Array.from({ length: 11 }, (_, offset) => filled(offset)),
  );
  held.release();
  assert.ok(kept.every((bytes) => bytes.every((byte) => byte === 0xdb)));
});

test('a batch that is all that is left of a buffer counts as much as the buffer', () => {
  const bound = 1024 * 1024;
  const pool = new BufferPool();
  const cache = new TailCache(bound, pool);
  const quiet = new Tail();
  const buffers = new Set<ArrayBufferLike>();
  for (let round = 0; round < 200; round++) {
    const { bytes, buffer } = cache.push(quiet, round, round + 1, Buffer.alloc(70));
    buffer.release();
    buffers.add(bytes.buffer);
    const passing = new Tail();
    for (let offset = 0; offset < 200; offset++) {
      cache.push(passing, offset, offset + 1, batch()).buffer.release();
    }
    cache.truncate(passing, 0);
  }
  assert.ok(quiet.length <= 8, `${quiet.length} buffers are kept`);
  assert.ok(buffers.size <= 12, `${buffers.size} buffers were taken`);
});
