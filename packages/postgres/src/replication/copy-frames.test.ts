import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CopyFrames } from './copy-frames.ts';

function message(kind: string, body: string): Buffer {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.write(kind);
  bytes.writeUInt32BE(bytes.length - 1, 1);
  bytes.write(body, 5);
  return bytes;
}

const begin = message('W', 'both');
const notice = message('N', 'told');
const sent = Buffer.concat([begin, message('d', 'first'), message('d', ''), notice, message('d', 'last one')]);

/** What comes out, in its order, read only when all is in. */
function split(pieces: readonly Buffer[]): string[] {
  const found: (readonly [from: string, bytes: Buffer])[] = [];
  const frames = new CopyFrames(
    (bytes, start, end) => found.push(['copy', bytes.subarray(start, end)]),
    (bytes) => found.push(['driver', bytes]),
  );
  for (const piece of pieces) frames.push(piece);
  return found.map(([from, bytes]) => `${from} ${bytes.toString('latin1')}`);
}

const whole = [
  `driver ${begin.toString('latin1')}`,
  'copy first',
  'copy ',
  `driver ${notice.toString('latin1')}`,
  'copy last one',
];

test('messages come out whole and in order, wherever the socket cuts them', () => {
  assert.deepEqual(split([sent]), whole);
  for (let one = 0; one <= sent.length; one++) {
    for (let two = one; two <= sent.length; two++) {
      const pieces = [sent.subarray(0, one), sent.subarray(one, two), sent.subarray(two)];
      assert.deepEqual(split(pieces), whole, `cut at ${one} and ${two}`);
    }
  }
  assert.deepEqual(split(Array.from(sent, (_, at) => sent.subarray(at, at + 1))), whole);
});
