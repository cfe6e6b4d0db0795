import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter, lineBytesMax } from './split-lines.ts';

/** The lines of chunks, a too long one as null, and whether the last lacked its line end. */
function split(chunks: readonly Buffer[]): { lines: (string | null)[]; cut: boolean } {
  const lines: (string | null)[] = [];
  const splitter = new LineSplitter({
    line: (bytes) => lines.push(bytes.toString('latin1')),
    tooLong: () => lines.push(null),
  });
  for (const chunk of chunks) splitter.push(chunk);
  return { lines, cut: splitter.end() };
}

test('lines are the same however the bytes are cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[ab\r\n]{0,9}$/), { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      const pieces = text.split('\n');
      const last = pieces.pop() as string;
      const withoutCr = (line: string): string => line.replace(/\r$/, '');
      const expected = [...pieces, ...(last === '' ? [] : [last])].map(withoutCr);
      assert.deepEqual(split(parts.map((part) => Buffer.from(part))), { lines: expected, cut: last !== '' });
    }),
  );
});

test('a line over the bound is passed over, and the next one is whole', () => {
  const long = 'x'.repeat(lineBytesMax + 1);
  for (const size of [1_000, 65_536, 10_000_000]) {
    const bytes = Buffer.from(`a\n${long}\nb\n${long.slice(1)}\n${long}`);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    assert.deepEqual(split(chunks), { lines: ['a', null, 'b', long.slice(1), null], cut: true });
  }
});

test('a file without line ends takes no memory', () => {
  const splitter = new LineSplitter({ line: () => assert.fail(), tooLong: () => undefined });
  const chunk = Buffer.alloc(2 ** 20);
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 500; count++) splitter.push(chunk);
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 2 ** 20);
  assert.equal(splitter.end(), true);
});
