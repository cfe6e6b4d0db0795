import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool, HeldMemory, SharedBuffer } from './buffer-pool.ts';

const kib = 1024;

test('what is given back, in whole or as a part, is used again for what fits into it', () => {
  const pool = new BufferPool();
  const first = pool.take(100 * kib);
  assert.equal(first.length, 128 * kib);
  pool.giveBack(first.subarray(5, 10));
  assert.equal(pool.idleBytes, 128 * kib);
  assert.notEqual(pool.take(64 * kib).buffer, first.buffer);
  assert.equal(pool.take(65 * kib).buffer, first.buffer);
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
  assert.equal(pool.idleBytes, 32 * kib);
  assert.notEqual(pool.take(20 * kib).buffer, pool.take(20 * kib).buffer);
});

test('no more is kept than asked for', () => {
  const pool = new BufferPool({ idleBytesMax: 100 * kib });
  for (const buffer of [pool.take(64 * kib), pool.take(64 * kib), pool.take(32 * kib)]) pool.giveBack(buffer);
  assert.equal(pool.idleBytes, 96 * kib);
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
  held.add(shared);
  const taken = held.take(32 * kib);
  held.release();
  assert.equal(pool.idleBytes, 48 * kib);
  assert.equal(pool.take(32 * kib).buffer, taken.buffer);
  held.release();
  assert.equal(pool.idleBytes, 16 * kib);
});
