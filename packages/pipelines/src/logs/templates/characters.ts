/** What characters are to the scanner of lines, and runs of hexadecimal among them. Codes are UTF-16 units. */

export const SPACE = 1;
export const HARD = 2;
export const WORD = 0;

/** What ends a word. Characters beyond ASCII are of words. */
const CLASS = new Uint8Array(128);
for (let code = 0; code <= 32; code++) CLASS[code] = SPACE;
CLASS[127] = SPACE;
for (const character of '()[]{}<>"\',;=|!?#:`') CLASS[character.charCodeAt(0)] = HARD;

export const DOT = 46;
export const DASH = 45;
export const SLASH = 47;
export const BACKSLASH = 92;
export const AT = 64;
export const STAR = 42;
export const LESS = 60;
export const GREATER = 62;
export const OPEN = 40;
export const CLOSE = 41;
export const EQUALS = 61;
export const COLON = 58;
export const COMMA = 44;

export function classOf(code: number): number {
  if (code < 128) return CLASS[code] as number;
  return code === 0xa0 || code === 0x2028 || code === 0x3000 || code === 0xfeff ? SPACE : WORD;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code >= 128;
}

export function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

export function isHex(text: string, start: number, stop: number): boolean {
  for (let at = start; at < stop; at++) if (!isHexDigit(text.charCodeAt(at))) return false;
  return true;
}

/** Where hexadecimal groups with colons between (a MAC or IPv6 address) end; `from` when there are none. */
export function hexByColons(text: string, from: number, end: number): number {
  let groups = 0;
  let at = from;
  let start = from;
  for (; at <= end && at - start <= 4; at++) {
    const code = at < end ? text.charCodeAt(at) : 0;
    if (isHexDigit(code)) continue;
    if (code !== COLON) break;
    groups++;
    start = at + 1;
  }
  if (groups < 3 || at - start > 4) return from;
  const isWhole = at >= end || classOf(text.charCodeAt(at)) !== WORD;
  return isWhole ? at : from;
}
