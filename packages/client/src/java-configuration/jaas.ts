/**
 * Java's `sasl.jaas.config`: `some.package.PlainLoginModule required username="alice" password="...";`. One entry,
 * whose options are words or quoted text with backslash escapes.
 */

export interface JaasEntry {
  /** Without its package. */
  readonly loginModule: string;
  readonly options: ReadonlyMap<string, string>;
}

const head = /^\s*([\w.$]+)\s+(?:required|requisite|sufficient|optional)(?=[\s;])/i;
const option = /\s*([\w.-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))/y;

/** The entry, or undefined for text that is none. */
export function parseJaas(text: string): JaasEntry | undefined {
  const found = head.exec(text);
  if (found === null) return undefined;
  const options = new Map<string, string>();
  option.lastIndex = found[0].length;
  let end = option.lastIndex;
  for (let match = option.exec(text); match !== null; match = option.exec(text)) {
    const quoted = match[2] ?? match[3];
    options.set(match[1] as string, quoted === undefined ? (match[4] as string) : quoted.replace(/\\(.)/g, '$1'));
    end = option.lastIndex;
  }
  if (!/^\s*;?\s*$/.test(text.slice(end))) return undefined;
  return { loginModule: (found[1] as string).split('.').at(-1) as string, options };
}
