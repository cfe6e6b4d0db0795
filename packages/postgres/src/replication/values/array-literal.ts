/** PostgreSQL's text of arrays taken apart: `{a,"b \"c\"",NULL,{d}}`. */

export type ArrayValue = string | null | readonly ArrayValue[];

/** Bounds before the braces (`[0:1]={...}`) are left out. Elements are parted by commas, boxes by semicolons. */
export function parseArray(text: string, delimiter = ','): readonly ArrayValue[] {
  const begin = text.indexOf('{');
  return begin < 0 ? [] : parseFrom(text, begin, delimiter).values;
}

function parseFrom(
  text: string,
  begin: number,
  delimiter: string,
): { readonly values: ArrayValue[]; readonly end: number } {
  const values: ArrayValue[] = [];
  let at = begin + 1;
  while (at < text.length && text[at] !== '}') {
    if (text[at] === '{') {
      const inner = parseFrom(text, at, delimiter);
      values.push(inner.values);
      at = inner.end;
    } else if (text[at] === '"') {
      let value = '';
      for (at++; at < text.length && text[at] !== '"'; at++) {
        if (text[at] === '\\') at++;
        value += text[at];
      }
      values.push(value);
      at++;
    } else {
      let end = at;
      while (end < text.length && text[end] !== delimiter && text[end] !== '}') end++;
      const word = text.slice(at, end);
      values.push(word === 'NULL' ? null : word);
      at = end;
    }
    if (text[at] === delimiter) at++;
  }
  return { values, end: at + 1 };
}
