/** Where the next page of a list begins, as a text that callers hand back and do not read. */
import { ProblemError } from '@millrace/api';
import { isStorable } from '../database/json.ts';

type Word = 'string' | 'number';
type Values<W extends readonly Word[]> = { -readonly [I in keyof W]: W[I] extends 'string' ? string : number };

export function cursorOf(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/** Throws `ProblemError` when it is none of the list's. */
export function readCursor<const W extends readonly Word[]>(cursor: string, words: W): Values<W> {
  let values: unknown;
  try {
    values = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch (error) {
    throw unreadable(error);
  }
  if (!Array.isArray(values) || values.length !== words.length) throw unreadable();
  for (const [index, word] of words.entries()) if (!isA(values[index], word)) throw unreadable();
  return values as Values<W>;
}

/** Numbers are whole, and small enough for times. */
function isA(value: unknown, word: Word): boolean {
  if (typeof value === 'number') return word === 'number' && Number.isInteger(value) && Math.abs(value) <= 8.64e15;
  return typeof value === word && isStorable(value);
}

function unreadable(cause?: unknown): ProblemError {
  const message = 'the cursor is none of this list; give `next` of the page before, or begin without one';
  return new ProblemError('invalid_request', message, { cause });
}
