import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasUnwrittenSector } from './unwritten-sector.ts';

const due = Uint8Array.of(0, 0, 0, 7);

/** Bytes that are not zero, with zeros from `from` to `to`. */
function withZeros(length: number, from: number, to: number): Uint8Array {
  return new Uint8Array(length).fill(1).fill(0, from, to);
}

test('a whole sector of zeros was not written', () => {
  assert.equal(hasUnwrittenSector(withZeros(2000, 512, 1024), 0, due), true);
  assert.equal(
    hasUnwrittenSector(withZeros(2000, 412, 924), 100, due),
    true,
    'sectors count from the start of the file',
  );
});

test('zeros that are no whole sector are damage', () => {
  assert.equal(hasUnwrittenSector(withZeros(2000, 500, 1024), 100, due), false);
  assert.equal(hasUnwrittenSector(withZeros(2000, 513, 1024), 0, due), false);
  assert.equal(hasUnwrittenSector(new Uint8Array(0), 0, due), false);
});

test('the rest of the first sector was not written, if something else than zeros is due there', () => {
  assert.equal(hasUnwrittenSector(withZeros(2000, 0, 412), 100, due), true);
  assert.equal(hasUnwrittenSector(withZeros(2000, 0, 4), 508, due), true);
  assert.equal(hasUnwrittenSector(withZeros(2000, 0, 3), 509, due), false, 'the zeros may be as they were written');
  assert.equal(hasUnwrittenSector(withZeros(100, 0, 100), 100, due), false, 'a sector that is sound again was written');
});
