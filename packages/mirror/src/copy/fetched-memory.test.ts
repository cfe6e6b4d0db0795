import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FetchedMemory } from './fetched-memory.ts';

test('a frame is used again once all its users have released it', () => {
  const memory = new FetchedMemory({ frameBytesMax: 2 ** 20, bytesMax: 2 ** 24 });
  const frame = memory.take(100_000);
  const [first, second] = [frame.subarray(0, 50_000), frame.subarray(50_000)];
  memory.use(first);
  memory.use(second);
  memory.release(second);
  assert.notEqual(memory.take(100_000).buffer, frame.buffer);
  memory.release(first);
  assert.equal(memory.take(100_000).buffer, frame.buffer);
});

test('memory that is no frame of its own is left alone', () => {
  const memory = new FetchedMemory({ frameBytesMax: 2 ** 20, bytesMax: 2 ** 24, scribbles: true });
  const chunk = Buffer.from('from elsewhere');
  memory.use(chunk);
  memory.release(chunk);
  assert.equal(chunk.toString(), 'from elsewhere');
});

test('a user too few is a defect that is told', () => {
  const memory = new FetchedMemory({ frameBytesMax: 2 ** 20, bytesMax: 2 ** 24 });
  assert.throws(() => memory.release(memory.take(100_000)), /released more often than used/);
});

test('what nobody needs for long is left to the collector', () => {
  const memory = new FetchedMemory({ frameBytesMax: 2 ** 20, bytesMax: 2 ** 24 });
  const frame = memory.take(100_000);
  memory.use(frame);
  memory.release(frame);
  memory.trim(0);
  memory.trim(5_000);
  memory.trim(10_000);
  assert.notEqual(memory.take(100_000).buffer, frame.buffer);
});

test('a frame counts as a whole as long as it has a user, and what is expected counts too', () => {
  const memory = new FetchedMemory({ frameBytesMax: 2 ** 20, bytesMax: 800_000 });
  const frame = Buffer.alloc(300_000);
  memory.use(frame.subarray(0, 10));
  memory.use(frame.subarray(10, 20));
  memory.expect(100_000);
  assert.deepEqual([memory.bytes, memory.freeBytes, memory.shareBytes], [300_000, 400_000, 50_000]);
  assert.deepEqual([memory.rangeBytes(2 ** 20), memory.requestBytes(2 ** 20)], [65_536, 400_000]);
  memory.expect(-100_000);
  memory.release(frame);
  assert.equal(memory.bytes, 300_000);
  memory.abandon(frame);
  assert.deepEqual([memory.bytes, memory.freeBytes], [0, 800_000]);
});

test('a frame that one of its users abandoned is not used again', () => {
  const memory = new FetchedMemory({ frameBytesMax: 2 ** 20, bytesMax: 2 ** 24 });
  const frame = memory.take(100_000);
  memory.use(frame);
  memory.use(frame);
  memory.abandon(frame);
  memory.release(frame);
  assert.notEqual(memory.take(100_000).buffer, frame.buffer);
});
