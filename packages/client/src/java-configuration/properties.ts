/**
 * Java's `.properties` format (java.util.Properties.load): `key=value`, `key: value` or `key value`; `#` and `!`
 * comments; a backslash at the end joins lines; escapes `\t \n \r \f \\ \uXXXX`, and any other escaped character is
 * itself. Unlike Java's the file is UTF-8.
 */

/** Keys and values in the order of the file; of a repeated key the last value holds. */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const { key, value } = splitLine(line);
    properties.set(unescaped(key), unescaped(value));
  }
  return properties;
}

function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open: string | undefined;
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const trimmed = natural.replace(/^[ \t\f]+/, '');
    if (open === undefined && (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!'))) continue;
    const line = (open ?? '') + trimmed;
    const backslashes = /\\*$/.exec(trimmed)?.[0].length ?? 0;
    if (backslashes % 2 === 1) {
      open = line.slice(0, -1);
    } else {
      lines.push(line);
      open = undefined;
    }
  }
  if (open !== undefined && open !== '') lines.push(open);
  return lines;
}

function splitLine(line: string): { readonly key: string; readonly value: string } {
  let end = 0;
  while (end < line.length && !/[=: \t\f]/.test(line[end] as string)) end += line[end] === '\\' ? 2 : 1;
  const separator = /^[ \t\f]*[=:]?[ \t\f]*/.exec(line.slice(end))?.[0] ?? '';
  return { key: line.slice(0, end), value: line.slice(end + separator.length) };
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]?))/g, (_whole, hex: string | undefined, letter: string) =>
    hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
