/**
 * Whether a word may vary: how much evidence a place takes before lines that differ there are one template.
 *
 * Evidence is the number of different words that were seen in one place of otherwise equal lines. Names need little of
 * it, plain words much, and words that tell what happened (`Started`, `Paused`) never vary.
 */
import type { Tokens } from './template.ts';
import { announcesName, isTelling } from './word-lists.ts';

/** How many different words it takes, by how they look and where they are. */
const NEEDED = { announced: 2, capitals: 3, identifier: 5, keyed: 5, plain: 10 } as const;
/** A line that begins with another word more likely tells of something else. */
const NEEDED_FIRST = { dotted: 5, identifier: 10, plain: 20 } as const;

/** Words that must be equal elsewhere in the line, so that it is the same message with another value. */
const OTHERS = { capitals: 6, first: 3, joining: 2, any: 1 } as const;

/** Whether the token is a word, as opposed to a place or punctuation. */
export function isWord(token: string | null | undefined): token is string {
  return token !== null && token !== undefined && /\p{L}/u.test(token);
}

/** Whether a word in this place may be taken for a value, with enough evidence. */
export function mayVary(tokens: Tokens, index: number, word: string): boolean {
  return isWord(word) && (isAnnounced(tokens, index) || !isTelling(word));
}

/** Whether the words, each seen at `index` of lines that are otherwise `tokens`, are enough to be a place. */
export function isEnough(tokens: Tokens, index: number, words: readonly string[], hasPlace: boolean): boolean {
  if (words.length === 0) return false;
  const others = tokens.reduce((count, token, at) => count + (at !== index && isWord(token) ? 1 : 0), 0);
  const announced = isAnnounced(tokens, index);
  if (others < (index === 0 ? OTHERS.first : OTHERS.any)) return false;
  if (hasPlace) return announced || others >= OTHERS.joining;
  let evidence = 0;
  for (const word of words) {
    const needed =
      index === 0 ? neededFirst(word) : neededOf(word, { others, announced, keyed: tokens[index - 1] === '=' });
    evidence += 1 / needed;
  }
  return evidence > 0.999;
}

function neededOf(word: string, at: { others: number; announced: boolean; keyed: boolean }): number {
  if (at.announced) return NEEDED.announced;
  if (at.others >= OTHERS.capitals && /^[A-Z][A-Z_]{2,}$/.test(word)) return NEEDED.capitals;
  if (isIdentifier(word)) return NEEDED.identifier;
  return at.keyed ? NEEDED.keyed : NEEDED.plain;
}

function neededFirst(word: string): number {
  if (/\..*\./.test(word)) return NEEDED_FIRST.dotted;
  return isIdentifier(word) ? NEEDED_FIRST.identifier : NEEDED_FIRST.plain;
}

/** `max_size`, `maxSize`, `a.b`, `first-one`: names that programs give, rather than words. */
function isIdentifier(word: string): boolean {
  return /[._$@\\/-]|[a-z][A-Z]/.test(word);
}

/** `user NAME`, `for NAME from`. */
function isAnnounced(tokens: Tokens, index: number): boolean {
  const before = tokens[index - 1];
  if (!isWord(before)) return false;
  return announcesName(before) || (before.toLowerCase() === 'for' && tokens[index + 1] === 'from');
}
