/** Writing of short text, which most text on the wire is: topic names, hosts, client ids. */

/**
 * Up to this many ASCII characters are written faster here than by a call into Node; a compact length of them is one
 * byte.
 */
export const shortTextMax = 40;

/** Writes text at `position` if all of it is ASCII, and says whether it is; else some bytes there have changed. */
export function writeAscii(bytes: Uint8Array, position: number, text: string): boolean {
  const { length } = text;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return false;
    bytes[position + index] = code;
  }
  return true;
}
