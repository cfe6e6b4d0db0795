import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasUnwrittenSector } from './unwritten-sector.ts';

const due = Uint8Array.of(0, 0, 0, 7);

/** As `hasUnwrittenSector` answers when all bytes are damaged. */
function isUnwritten(damaged: Uint8Array, position: number): boolean {
  return hasUnwrittenSector(damaged, damaged.length, position, due);
}

/** Bytes that are not zero, with zeros from `from` to `to`. */
function withZeros(length: number, from: number, to: number): Uint8Array {
  return new Uint8Array(length).fill(1).fill(0, from, to);
}

test('a whole sector of zeros was not written', () => {
  assert.equal(isUnwritten(withZeros(2000, 512, 1024), 0), true);
  assert.equal(isUnwritten(withZeros(2000, 412, 924), 100), true, 'sectors count from the start of the file');
});

test('zeros that are no whole sector are damage', () => {
  assert.equal(isUnwritten(withZeros(2000, 500, 1024), 100), false);
  assert.equal(isUnwritten(withZeros(2000, 513, 1024), 0), false);
  assert.equal(isUnwritten(new Uint8Array(0), 0), false);
});

test('the rest of the first sector was not written, if something else than zeros is due there', () => {
  assert.equal(isUnwritten(withZeros(2000, 0, 412), 100), true);
  assert.equal(isUnwritten(withZeros(2000, 0, 4), 508), true);
  assert.equal(isUnwritten(withZeros(2000, 0, 3), 509), false, 'the zeros may be as they were written');
  assert.equal(isUnwritten(withZeros(100, 0, 100), 100), false, 'a sector that is sound again was written');
});

test('what is sound again may begin with zeros in a sector that was not written', () => {
  const bytes = withZeros(2000, 512, 1024);
  assert.equal(hasUnwrittenSector(bytes, 1019, 0, due), true);
  assert.equal(hasUnwrittenSector(bytes, 512, 0, due), false, 'nothing of the sector is damaged');
});
