/**
 * Tells what a loss of power left out of a file from what a disk has damaged. A drive writes whole sectors, in any
 * order, so of bytes that were never synced some sectors may be there and others hold zeros.
 */

/** The least that a drive writes at once. */
const sectorBytes = 512;

/**
 * Whether a sector was never written among `damaged`, the bytes from `position` of a file to what is sound again. `due`
 * is how those bytes must begin, as far as that is known.
 */
export function hasUnwrittenSector(damaged: Uint8Array, position: number, due: Uint8Array): boolean {
  const first = (sectorBytes - (position % sectorBytes)) % sectorBytes;
  const wholeFirst = damaged.length >= first && isZero(damaged.subarray(0, first));
  if (wholeFirst && !isZero(due.subarray(0, first))) return true;
  for (let at = first; at + sectorBytes <= damaged.length; at += sectorBytes) {
    if (isZero(damaged.subarray(at, at + sectorBytes))) return true;
  }
  return false;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
