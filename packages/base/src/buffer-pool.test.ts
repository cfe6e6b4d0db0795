import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool, HeldMemory, SharedBuffer } from './buffer-pool.ts';

const kib = 1024;

test('what is given back, in whole or as a part, is used again for what fits into it', () => {
  const pool = new BufferPool();
  const first = pool.take(100 * kib);
  assert.equal(first.length, 112 * kib);
  pool.giveBack(first.subarray(5, 10));
  assert.equal(pool.idleBytes, 112 * kib);
  assert.notEqual(pool.take(64 * kib).buffer, first.buffer);
  assert.equal(pool.take(97 * kib).buffer, first.buffer);
  assert.equal(pool.idleBytes, 0);
});

test('a buffer given back twice has one user, and memory of others is left alone', () => {
  const pool = new BufferPool();
  const first = pool.take(20 * kib);
  pool.giveBack(first);
  pool.giveBack(first);
  pool.giveBack(Buffer.alloc(32 * kib));
  pool.giveBack(pool.take(100));
  pool.giveBack(pool.take(9000 * kib));
  assert.equal(pool.idleBytes, 20 * kib);
  assert.notEqual(pool.take(20 * kib).buffer, pool.take(20 * kib).buffer);
});

test('no more is kept than asked for', () => {
  const pool = new BufferPool({ idleBytesMax: 100 * kib });
  for (const buffer of [pool.take(64 * kib), pool.take(64 * kib), pool.take(32 * kib)]) pool.giveBack(buffer);
  assert.equal(pool.idleBytes, 96 * kib);
});

test('buffers of a size that was needed once make room for those that are needed now', () => {
  const pool = new BufferPool({ idleBytesMax: 100 * kib });
  pool.giveBack(pool.take(96 * kib));
  const next = pool.take(16 * kib);
  pool.giveBack(next);
  assert.equal(pool.idleBytes, 16 * kib);
  assert.equal(pool.take(16 * kib).buffer, next.buffer);
});

test('what nobody needed from one trimming to the next goes', () => {
  const pool = new BufferPool();
  const taken = [pool.take(16 * kib), pool.take(16 * kib), pool.take(16 * kib)];
  for (const buffer of taken) pool.giveBack(buffer);
  pool.trim();
  assert.equal(pool.idleBytes, 48 * kib);
  pool.giveBack(pool.take(16 * kib));
  pool.trim();
  assert.equal(pool.idleBytes, 16 * kib);
  pool.trim();
  assert.equal(pool.idleBytes, 0);
});

test('a buffer is at most a quarter larger than asked for', () => {
  const pool = new BufferPool();
  for (let bytes = 16 * kib; bytes < 8192 * kib; bytes = Math.ceil(bytes * 1.013)) {
    const { length } = pool.take(bytes);
    assert.ok(length >= bytes && length <= bytes * 1.25, `${length} for ${bytes}`);
  }
});

test('where it scribbles, bytes used for too long are not what they were', () => {
  const pool = new BufferPool({ scribbles: true });
  const bytes = pool.take(16 * kib).fill(1);
  pool.giveBack(bytes);
  assert.ok(bytes.every((byte) => byte === 0xdb));
});

test('a shared buffer is given back by its last user', () => {
  const pool = new BufferPool();
  const shared = new SharedBuffer(pool, 16 * kib);
  shared.use().release();
  assert.equal(pool.idleBytes, 0);
  shared.release();
  assert.equal(pool.idleBytes, 16 * kib);
  assert.throws(() => shared.release(), /more often than used/);
  assert.throws(() => shared.use(), /was given back/);
});

test('held memory is released all at once, and once', () => {
  const pool = new BufferPool();
  const held = new HeldMemory(pool);
  const shared = new SharedBuffer(pool, 16 * kib);
  held.share(shared);
  shared.release();
  const taken = held.take(32 * kib);
  held.release();
  assert.equal(pool.idleBytes, 48 * kib);
  assert.equal(pool.take(32 * kib).buffer, taken.buffer);
  held.release();
  assert.equal(pool.idleBytes, 16 * kib);
});

test('a small part of what is held is copied, and the rest can be used again', () => {
  const pool = new BufferPool({ scribbles: true });
  const held = new HeldMemory(pool);
  const large = held.take(64 * kib).fill(7);
  const whole = held.keep([large.subarray(0, 30 * kib)]);
  assert.equal(whole[0]?.buffer, large.buffer);
  const part = held.keep([large.subarray(0, 100), large.subarray(500, 600)]);
  assert.equal(pool.idleBytes, 64 * kib);
  assert.ok(held.bytes < 300);
  assert.deepEqual(part, [Buffer.alloc(100, 7), Buffer.alloc(100, 7)]);
  assert.deepEqual(held.keep([]), []);
  assert.equal(held.bytes, 0);
});
