/**
 * The 32-bit hash (Austin Appleby's MurmurHash2, public domain, with the seed that Kafka's Java client uses) by which
 * records with a key find their partition: all clients must agree on it, so that a key stays in its partition whoever
 * writes it.
 */
const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/** The hash of bytes, as a signed 32-bit integer. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  let hash = seed ^ length;
  let at = 0;
  for (const end = length - 3; at < end; at += 4) {
    hash = mix(hash, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  const rest = length - at;
  if (rest === 3) hash ^= bytes[at + 2]! << 16;
  if (rest >= 2) hash ^= bytes[at + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[at]!, multiplier);
  return finish(hash);
}

/** The hash of the text's UTF-8 bytes, which for ASCII need not be made. */
export function murmur2Text(text: string): number {
  const { length } = text;
  let hash = seed ^ length;
  let at = 0;
  for (const end = length - 3; at < end; at += 4) {
    const a = text.charCodeAt(at);
    const b = text.charCodeAt(at + 1);
    const c = text.charCodeAt(at + 2);
    const d = text.charCodeAt(at + 3);
    if ((a | b | c | d) > 0x7f) return murmur2(Buffer.from(text));
    hash = mix(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  for (let i = at; i < length; i++) if (text.charCodeAt(i) > 0x7f) return murmur2(Buffer.from(text));
  const rest = length - at;
  if (rest === 3) hash ^= text.charCodeAt(at + 2) << 16;
  if (rest >= 2) hash ^= text.charCodeAt(at + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ text.charCodeAt(at), multiplier);
  return finish(hash);
}

function mix(hash: number, word: number): number {
  let k = Math.imul(word, multiplier);
  k = Math.imul(k ^ (k >>> 24), multiplier);
  return Math.imul(hash, multiplier) ^ k;
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 13);
  h = Math.imul(h, multiplier);
  return h ^ (h >>> 15);
}
