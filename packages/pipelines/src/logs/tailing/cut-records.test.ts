import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CutOptions, cutRecords } from './cut-records.ts';

const open: CutOptions = { isEnd: false, isLast: false, lineBytesMax: 1_000 };

function cut(text: string, options: Partial<CutOptions> = {}) {
  return cutRecords(Buffer.from(text), 'traces', { ...open, ...options });
}

test('stack traces are one record with the line that they follow', () => {
  const traces = [
    'ERROR failed\njava.lang.StateException: no\n\tat a.B.c(B.java:1)\n\t... 3 more\nCaused by: java.io.E\n\tat d.E',
    'Error: no\n    at run (a.js:1:2) {\n  code: 1\n}',
    'request failed\nTraceback (most recent call last):\n  File "a.py", line 1\nValueError: no',
    'panic: no\ngoroutine 1 [running]:\n\t/a.go:1',
  ];
  assert.deepEqual(cut(`${traces.join('\n')}\nnext\n`, { isEnd: true }).records, [...traces, 'next']);
});

test('the last record waits for lines that may go on with it, a line for its end', () => {
  assert.deepEqual(cut('a\nb\n  c\n'), { records: ['a'], bytes: 2 });
  assert.deepEqual(cut('a\nb\n  c\n', { isEnd: true }), { records: ['a', 'b\n  c'], bytes: 8 });
  assert.deepEqual(cut('a\r\nb', { isEnd: true }), { records: ['a'], bytes: 3 });
  assert.deepEqual(cut('a\nb', { isLast: true, isEnd: true }), { records: ['a', 'b'], bytes: 3 });
  assert.deepEqual(cutRecords(Buffer.from('a\n  b\nc'), 'none', open), { records: ['a', '  b'], bytes: 6 });
});

test('however bytes come, the records are the same, and none is missing', () => {
  const line = fc.constantFrom('one', '  two', '\tat x', 'Caused by: y', 'ä€𝄞 three', '', 'x'.repeat(50));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.array(fc.nat(40), { maxLength: 30 }), (lines, steps) => {
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
      const options = { ...open, lineBytesMax: 1_000 };
      const whole = cutRecords(bytes, 'traces', { ...options, isEnd: true, isLast: true });
      const parts: string[] = [];
      let [from, to] = [0, 0];
      for (const step of [...steps, bytes.length]) {
        to = Math.min(bytes.length, to + step);
        const isLast = to === bytes.length;
        const { records, bytes: taken } = cutRecords(bytes.subarray(from, to), 'traces', {
          ...options,
          isEnd: isLast,
          isLast,
        });
        parts.push(...records);
        from += taken;
      }
      assert.deepEqual(parts, whole.records);
      assert.equal(from, bytes.length);
    }),
  );
});

test('a line that never ends is cut between characters', () => {
  const { records, bytes } = cut('€'.repeat(1_000), { lineBytesMax: 100, isEnd: true });
  assert.ok(records.length >= 29);
  assert.ok(records.every((record) => /^€+$/.test(record)));
  assert.equal(bytes, records.join('').length * 3);
});
