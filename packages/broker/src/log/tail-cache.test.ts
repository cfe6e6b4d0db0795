import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Tail, TailCache } from './tail-cache.ts';

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
      const cache = new TailCache(bound);
      const tails = Array.from({ length: 6 }, () => new Tail());
      const ends = new Array<number>(6).fill(0);
      for (const { log, forget } of steps) {
        const tail = tails[log] as Tail;
        const end = ends[log] as number;
        if (forget && end > 0) {
          cache.truncate(tail, end - 1);
          ends[log] = end - 1;
        } else {
          cache.push(tail, end, end + 1, batch());
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
  const cache = new TailCache(100 * (batchBytes + 256));
  const staying = new Tail();
  for (let offset = 0; offset < 50; offset++) cache.push(staying, offset, offset + 1, batch());
  for (let round = 0; round < 5000; round++) {
    const passing = new Tail();
    cache.push(passing, 0, 1, batch());
    cache.truncate(passing, 0);
  }
  assert.equal(staying.length, 50);
});
