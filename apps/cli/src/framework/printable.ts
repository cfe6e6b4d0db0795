/**
 * Text from outside made safe for a terminal: control characters, which could move its cursor or worse, are written
 * as escapes. Whatever is printed as a line goes through here.
 */

/** Text of several lines; all else than their ends as `printable` has it. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Text of one line. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is its purpose
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (control) => {
    const code = control.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}
