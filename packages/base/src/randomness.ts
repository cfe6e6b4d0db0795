/**
 * Random numbers for identifiers, jitter and choice. Broker and client draw only through this, so that a seed replays a
 * run.
 */
import { randomFillSync, randomInt } from 'node:crypto';

export interface Randomness {
  /** A uniform number in [0, 1). */
  float(): number;
  /** A uniform integer in [0, bound), bound from 1 to 2^32. */
  integer(bound: number): number;
  /** `length` fresh random bytes, owned by the caller. */
  bytes(length: number): Uint8Array;
}

/** The operating system's randomness: fit for secrets. */
export const systemRandomness: Randomness = {
  float: () => randomInt(2 ** 47) / 2 ** 47,
  integer: (bound) => randomInt(bound),
  bytes: (length) => randomFillSync(new Uint8Array(length)),
};

/**
 * Deterministic randomness from a 32-bit seed (the generator `sfc32`). For simulations and tests, never for secrets.
 */
export function seededRandomness(seed: number): Randomness {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed >>> 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 16; round++) next();
  return {
    float: () => next() / 2 ** 32,
    integer: (bound) => Math.floor((next() / 2 ** 32) * bound),
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}

/** A random version-4 UUID as 16 bytes (RFC 9562). */
export function randomUuidBytes(randomness: Randomness): Uint8Array {
  const bytes = randomness.bytes(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes;
}
