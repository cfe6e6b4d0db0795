/**
 * Tells what a loss of power left out of a file from what a disk has damaged. A drive writes whole sectors, in any
 * order, so of bytes that were never synced some sectors may be there and others hold zeros.
 */

/** The least that a drive writes at once. */
export const sectorBytes = 512;

/**
 * Whether a sector was never written among the first `damagedBytes` of `bytes`, which lie from `position` on in a file.
 * Sound bytes follow, at least up to the end of their sector: of those too the first may be zeros. `due` is how the
 * damaged ones must begin, as far as that is known.
 */
export function hasUnwrittenSector(
  bytes: Uint8Array,
  damagedBytes: number,
  position: number,
  due: Uint8Array,
): boolean {
  const first = (sectorBytes - (position % sectorBytes)) % sectorBytes;
  const wholeFirst = bytes.length >= first && isZero(bytes.subarray(0, first));
  if (wholeFirst && !isZero(due.subarray(0, first))) return true;
  for (let at = first; at < damagedBytes && at + sectorBytes <= bytes.length; at += sectorBytes) {
    if (isZero(bytes.subarray(at, at + sectorBytes))) return true;
  }
  return false;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
