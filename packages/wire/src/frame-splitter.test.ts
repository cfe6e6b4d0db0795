import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameSplitter } from './frame-splitter.ts';

function frameOf(body: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeInt32BE(body.length);
  frame.set(body, 4);
  return frame;
}

test('frames come out whole and in order, however the bytes are cut', () => {
  const bodies = fc.array(fc.uint8Array({ minLength: 4, maxLength: 300 }), { maxLength: 8 });
  const cuts = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(bodies, cuts, (sent, sizes) => {
      const received: Uint8Array[] = [];
      const splitter = new FrameSplitter(300, (frame) => received.push(frame));
      const stream = Buffer.concat(sent.map(frameOf));
      for (let at = 0, cut = 0; at < stream.length; cut++) {
        const size = sizes[cut % sizes.length] as number;
        splitter.push(stream.subarray(at, at + size));
        at += size;
      }
      assert.deepEqual(
        received.map((frame) => [...frame]),
        sent.map((frame) => [...frame]),
      );
    }),
  );
});

test('a frame within one chunk is a view, and one over several takes exactly its own memory', () => {
  const received: Uint8Array[] = [];
  const splitter = new FrameSplitter(1_000, (frame) => received.push(frame));
  const whole = Buffer.concat([frameOf(new Uint8Array(10)), frameOf(new Uint8Array(20))]);
  splitter.push(whole);
  assert.equal(received[1]?.buffer, whole.buffer);
  const long = frameOf(new Uint8Array(500));
  splitter.push(long.subarray(0, 100));
  splitter.push(long.subarray(100));
  assert.equal(received[2]?.buffer.byteLength, 500);
});

test('frames out of memory that is read into again are copies, in one piece from the start', () => {
  const received: Uint8Array[] = [];
  const options = { chunksAreReused: true, firstBufferBytes: 4_000_000 };
  const splitter = new FrameSplitter(2 ** 24, (frame) => received.push(frame), options);
  const memory = new Uint8Array(65_536);
  const bodies = [Uint8Array.of(1, 2, 3, 4), Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251)];
  const stream = Buffer.concat(bodies.map(frameOf));
  for (let at = 0; at < stream.length; at += memory.length) {
    const part = stream.subarray(at, at + memory.length);
    memory.set(part);
    splitter.push(memory.subarray(0, part.length));
    memory.fill(0xff);
  }
  for (const [index, body] of bodies.entries()) {
    assert.equal(Buffer.compare(received[index] ?? new Uint8Array(0), body), 0);
    assert.equal(received[index]?.buffer.byteLength, body.length);
  }
});

test('a length that is too large, negative or too small is refused before memory is taken', () => {
  for (const length of [1_001, 3, 0, -1, 0x7fff_ffff]) {
    const splitter = new FrameSplitter(1_000, () => assert.fail('no frame is whole'));
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(length);
    assert.throws(() => splitter.push(bytes), { code: 'frame_size', sizeInBytes: length });
  }
});

test('a frame of several megabytes is collected as its bytes arrive', () => {
  const received: Uint8Array[] = [];
  const splitter = new FrameSplitter(2 ** 24, (frame) => received.push(frame));
  const body = Uint8Array.from({ length: 5_000_000 }, (_, index) => index % 251);
  const stream = frameOf(body);
  for (let at = 0; at < stream.length; at += 65_536) splitter.push(stream.subarray(at, at + 65_536));
  assert.equal(Buffer.compare(received[0] ?? new Uint8Array(0), body), 0);
});

test('what a length alone takes is small until its sender has sent a large frame whole', () => {
  const splitter = new FrameSplitter(2 ** 27, () => undefined, { firstBufferBytes: 4096 });
  const announced = frameOf(new Uint8Array(100_000_000)).subarray(0, 104);
  const half = new FrameSplitter(2 ** 27, () => undefined, { firstBufferBytes: 4096 });
  half.push(announced);
  assert.deepEqual([half.partialBytes, half.heldBytes], [100, 4096]);
  const large = frameOf(new Uint8Array(300_000));
  for (let at = 0; at < large.length; at += 50_000) splitter.push(large.subarray(at, at + 50_000));
  assert.deepEqual([splitter.partialBytes, splitter.heldBytes], [undefined, 0]);
  splitter.push(announced);
  assert.equal(splitter.heldBytes, 300_000);
});

test('frames that span chunks have memory from where it is to come, which gets back what they outgrew', () => {
  const taken: Buffer[] = [];
  const returned: Uint8Array[] = [];
  const memory = {
    take: (bytesMin: number) => {
      const buffer = Buffer.alloc(2 * bytesMin);
      taken.push(buffer);
      return buffer;
    },
    giveBack: (buffer: Uint8Array) => returned.push(buffer),
  };
  const received: Uint8Array[] = [];
  const options = { chunksAreReused: true, firstBufferBytes: 1000, memory };
  const splitter = new FrameSplitter(2 ** 24, (frame) => received.push(frame), options);
  const body = Uint8Array.from({ length: 20_000 }, (_, index) => index % 251);
  const stream = frameOf(body);
  for (let at = 0; at < stream.length; at += 700) splitter.push(Buffer.from(stream.subarray(at, at + 700)));
  assert.equal(Buffer.compare(received[0] as Uint8Array, body), 0);
  assert.equal(received[0]?.buffer, taken.at(-1)?.buffer);
  assert.deepEqual(
    returned.map(({ length }) => length),
    taken.slice(0, -1).map(({ length }) => length),
  );
});

test('small frames that came whole may share memory, and are copies', () => {
  const received: Uint8Array[] = [];
  const memory = { take: (bytesMin: number) => Buffer.alloc(bytesMin), giveBack: () => undefined };
  const splitter = new FrameSplitter(1000, (frame) => received.push(frame), { chunksAreReused: true, memory });
  const chunk = Buffer.concat([frameOf(Uint8Array.of(1, 2, 3, 4)), frameOf(Uint8Array.of(5, 6, 7, 8))]);
  splitter.push(chunk);
  chunk.fill(0xff);
  assert.deepEqual(
    received.map((frame) => [...frame]),
    [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ],
  );
});
