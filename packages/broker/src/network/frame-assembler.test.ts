import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameAssembler } from './frame-assembler.ts';

/** The frames, as text, that come out of chunks given in hex. */
function framesOf(...chunks: string[]): string[] {
  const frames: string[] = [];
  const assembler = new FrameAssembler(1024);
  for (const chunk of chunks) {
    assembler.push(Buffer.from(chunk, 'hex'), (frame) => frames.push(Buffer.from(frame).toString('hex')));
  }
  return frames;
}

test('frames are the same wherever the bytes are cut', () => {
  const stream = '00000002aabb00000000000000030102030000000001';
  for (let first = 0; first <= stream.length; first += 2) {
    for (let second = first; second <= stream.length; second += 2) {
      const chunks = [stream.slice(0, first), stream.slice(first, second), stream.slice(second)];
      assert.deepEqual(framesOf(...chunks), ['aabb', '', '010203', ''], chunks.join(' '));
    }
  }
});

test('an empty frame whose length is cut in two is handed out with its last byte', () => {
  assert.deepEqual(framesOf('0000', '0000'), ['']);
});

test('a length that is negative or beyond the bound is refused', () => {
  assert.deepEqual(framesOf(`00000400${'00'.repeat(1024)}`).length, 1);
  for (const length of ['00000401', '7fffffff', 'ffffffff', '80000000']) {
    assert.throws(() => framesOf(length), { code: 'message_too_large' });
    assert.throws(() => framesOf(length.slice(0, 2), length.slice(2)), { code: 'message_too_large' });
  }
});
