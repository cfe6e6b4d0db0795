/** Points in a partition as people write them, for `--from`, `--until` and `--to`. */
import { UsageError } from '../framework/usage-error.ts';
import { momentForms, parseMoment } from './moment.ts';

export type Position =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** So many records before the end. */
  | { readonly kind: 'tail'; readonly count: number }
  /** The first record at or after a time in milliseconds since 1970. */
  | { readonly kind: 'time'; readonly timestamp: number };

/** What the forms are, for help. */
export const positionForms = `earliest, latest, an offset, -N (N before the end), or a time: ${momentForms}`;

/** @throws UsageError when the text has none of the forms. */
export function parsePosition(text: string, now: number = Date.now()): Position {
  if (text === 'earliest' || text === 'beginning') return { kind: 'earliest' };
  if (text === 'latest' || text === 'end') return { kind: 'latest' };
  if (/^-?\d+$/.test(text)) {
    const number = Number(text);
    if (!Number.isSafeInteger(number)) throw new UsageError(`'${text}' is beyond any offset`);
    return text.startsWith('-') ? { kind: 'tail', count: -number } : { kind: 'offset', offset: number };
  }
  const timestamp = parseMoment(text, now);
  if (timestamp === undefined) throw new UsageError(`'${text}' is none of ${positionForms}`);
  return { kind: 'time', timestamp };
}
