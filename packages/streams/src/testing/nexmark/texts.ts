/** Random texts of Nexmark's events: small letters, of given lengths. */
import { type Randomness, seededRandomness } from '@millrace/base';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const shortest = 3;

/** What `extraText` takes its texts from: drawing each letter would cost more than all the rest of an event. */
const pool = exactText(seededRandomness(1), 65_536, 'a');

/** From 3 to before `lengthMax` letters, some of them spaces, none of these at its ends. */
export function wordText(randomness: Randomness, lengthMax: number): string {
  return exactText(randomness, shortest + randomness.integer(lengthMax - shortest), ' ').trim();
}

/** One letter of 13 is `special`. */
export function exactText(randomness: Randomness, length: number, special: string): string {
  let text = '';
  for (let at = 0; at < length; at++) {
    text += randomness.integer(13) === 0 ? special : letters[randomness.integer(letters.length)];
  }
  return text;
}

/** About so many letters, up to a fifth more or fewer; none where that is not above 0. */
export function extraText(randomness: Randomness, length: number): string {
  if (length <= 0) return '';
  const spread = Math.round(length * 0.2);
  const wanted = length - spread + (spread === 0 ? 0 : randomness.integer(2 * spread));
  const from = randomness.integer(pool.length - wanted);
  return pool.slice(from, from + wanted);
}
