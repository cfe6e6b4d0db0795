/** What is looked for in lines: words, whatever their case, and how a text is cut into them. */

/** Words of letters, digits and underscores, in lower case; each as often as it comes. */
export function wordsOf(text: string): string[] {
  const lower = text.toLowerCase();
  const words: string[] = [];
  let start = -1;
  for (let at = 0; at < lower.length; at++) {
    if (isOfWord(lower.charCodeAt(at))) {
      if (start < 0) start = at;
    } else if (start >= 0) {
      words.push(lower.slice(start, at));
      start = -1;
    }
  }
  if (start >= 0) words.push(lower.slice(start));
  return words;
}

/** Part of a search: a text that lines have, beginning and ending where words do. `*` at its end: ending anywhere. */
export interface Term {
  /** In lower case. */
  readonly text: string;
  readonly isPrefix: boolean;
  /** Words that are whole in it, for the index. */
  readonly words: readonly string[];
}

/** Terms of a search as it is typed: parted by white space, `"several words"` together. All must be there. */
export function termsOf(search: string): Term[] {
  const terms: Term[] = [];
  for (const [, quoted, plain] of search.matchAll(/"([^"]+)"|(\S+)/g)) {
    const given = (quoted ?? plain ?? '').toLowerCase();
    const isPrefix = quoted === undefined && given.length > 1 && given.endsWith('*');
    const text = isPrefix ? given.slice(0, -1) : given;
    const words = wordsOf(text);
    if (isPrefix && isOfWord(text.charCodeAt(text.length - 1))) words.pop();
    if (text !== '') terms.push({ text, isPrefix, words });
  }
  return terms;
}

/** Whether a text in lower case has all terms. */
export function hasTerms(text: string, terms: readonly Term[]): boolean {
  return terms.every((term) => hasTerm(text, term));
}

function hasTerm(text: string, { text: wanted, isPrefix }: Term): boolean {
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    if (isBoundary(text, at) && (isPrefix || isBoundary(text, end))) return true;
  }
  return false;
}

/** Whether no word goes on over a place in a text. */
function isBoundary(text: string, at: number): boolean {
  return !(isOfWord(text.charCodeAt(at - 1)) && isOfWord(text.charCodeAt(at)));
}

/** Units of UTF-16 beyond ASCII are of words, but for spaces and punctuation. */
function isOfWord(code: number): boolean {
  if (code < 128) return (code >= 48 && code <= 57) || (code >= 97 && code <= 122) || code === 95;
  return code >= 0xd800 ? code < 0xff00 : code >= 0xaa && (code < 0x2000 || code > 0x206f) && code !== 0x3000;
}
