/** `reserved` and `extensions` of messages and enums: numbers, ranges of them, and names. */
import type { TokenReader } from './tokens.ts';

/** What `max` stands for: the highest number of a field, and that of a value of an enum. */
const highest = { field: 536_870_911, value: 2_147_483_647 } as const;

/** Tells each range with both ends included, or adds the names; takes the semicolon. */
export function readReserved(
  tokens: TokenReader,
  names: string[],
  onRange: (start: number, end: number) => void,
  kind: keyof typeof highest = 'value',
): void {
  do {
    if (tokens.next.kind === 'text') names.push(tokens.text('a name'));
    else if (tokens.next.kind === 'word') names.push(tokens.word('a name'));
    else onRange(...readRange(tokens, kind));
  } while (tokens.takeIf(','));
  tokens.expect(';');
}

export function readRange(tokens: TokenReader, kind: keyof typeof highest): [start: number, end: number] {
  const start = tokens.integer('a number');
  if (!tokens.takeIf('to')) return [start, start];
  if (tokens.takeIf('max')) return [start, highest[kind]];
  return [start, tokens.integer('a number')];
}
