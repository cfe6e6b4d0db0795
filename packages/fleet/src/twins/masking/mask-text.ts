/**
 * How a single text is masked. The same text with the same key becomes the same, wherever it stands, so that what was
 * joined by it can still be joined; without the key nobody can tell what it was, short of trying all there are.
 */
import { createHash, createHmac } from 'node:crypto';

export const redacted = '[redacted]';

/** 128 bits in hexadecimal: as good as unique. */
export function hashed(key: Uint8Array, text: string | Uint8Array): string {
  return createHmac('sha256', key).update('hash\0').update(text).digest('hex').slice(0, 32);
}

/** Likewise as many bytes as there were. */
export function hashedBytes(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const seed = createHmac('sha256', key).update('bytes\0').update(bytes).digest();
  return createHash('shake256', { outputLength: Math.max(1, bytes.length) })
    .update(seed)
    .digest()
    .subarray(0, bytes.length);
}

/** Characters that change, by what they may become; all others stay. */
const classes = ['abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '0123456789'] as const;
const leadingDigits = '123456789';

/** Each half is changed by the other so often; ten is what NIST SP 800-38G asks of FF1. */
const rounds = 10;

/**
 * Another text of the same form: letters become letters of their case, digits digits, the rest stays. Texts of a form
 * become each other one to one, so that what was unique stays so. A first digit that is not 0 does not become 0, and a
 * first 0 stays: numbers keep their length, and whole ones that fit into 32 bits, or are exact as doubles, still do.
 *
 * A form with few texts (two digits) hides little: whoever knows some knows much of the rest.
 */
export function formatKept(key: Uint8Array, text: string): string {
  const size = sizeOf(text);
  let masked = text;
  // Leaving out what does not fit, by going on to the next one, keeps it one to one.
  do masked = permuted(key, masked);
  while (sizeOf(masked) !== size);
  return masked;
}

/** A Feistel network over the changing characters as one number with mixed radices, in two halves. */
function permuted(key: Uint8Array, text: string): string {
  const characters = [...text];
  const places: Place[] = [];
  for (const [index, character] of characters.entries()) {
    const alphabet = alphabetOf(character, places.length === 0);
    if (alphabet !== undefined) places.push({ index, alphabet, value: alphabet.indexOf(character) });
  }
  const middle = Math.ceil(places.length / 2);
  const [left, right] = [places.slice(0, middle), places.slice(middle)];
  const [radixOfLeft, radixOfRight] = [radixOf(left), radixOf(right)];
  let [one, other] = [numberOf(left), numberOf(right)];
  const form = characters.map((character) => classOf(character)).join('');
  for (let round = 0; round < rounds; round += 2) {
    one = (one + noise(key, form, round, other)) % radixOfLeft;
    other = (other + noise(key, form, round + 1, one)) % radixOfRight;
  }
  write(left, one, characters);
  write(right, other, characters);
  return characters.join('');
}

function sizeOf(text: string): 'text' | 'int32' | 'safe' | 'large' {
  if (!/^-?\d+$/.test(text)) return 'text';
  const value = BigInt(text.replace('-', ''));
  if (value < 2n ** 31n) return 'int32';
  return value < 2n ** 53n ? 'safe' : 'large';
}

interface Place {
  readonly index: number;
  readonly alphabet: string;
  readonly value: number;
}

function alphabetOf(character: string, isFirst: boolean): string | undefined {
  const alphabet = classes.find((each) => each.includes(character));
  if (!isFirst || alphabet !== classes[2]) return alphabet;
  return character === '0' ? '0' : leadingDigits;
}

/** What stays of a character in its form. */
function classOf(character: string): string {
  const index = classes.findIndex((each) => each.includes(character));
  return index < 0 ? character : `\0${index}`;
}

function radixOf(places: readonly Place[]): bigint {
  return places.reduce((product, { alphabet }) => product * BigInt(alphabet.length), 1n);
}

function numberOf(places: readonly Place[]): bigint {
  return places.reduce((sum, { alphabet, value }) => sum * BigInt(alphabet.length) + BigInt(value), 0n);
}

function write(places: readonly Place[], value: bigint, characters: string[]): void {
  let rest = value;
  for (const { index, alphabet } of places.toReversed()) {
    const radix = BigInt(alphabet.length);
    characters[index] = alphabet[Number(rest % radix)] as string;
    rest /= radix;
  }
}

/** As many bits as the other half may have, and more, so that what is left of them after a division is even. */
function noise(key: Uint8Array, form: string, round: number, half: bigint): bigint {
  const digest = (block: number): string =>
    createHmac('sha256', key).update(`format\0${round}\0${block}\0${half}\0${form}`).digest('hex');
  const blocks = Math.ceil((form.length * 5 + 128) / 256);
  return BigInt(`0x${Array.from({ length: blocks }, (_, block) => digest(block)).join('')}`);
}
