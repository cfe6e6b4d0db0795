/**
 * What a server keeps of a password for SCRAM (RFC 5802 section 3), and how it comes from one. A kept credential can't
 * be used to log in elsewhere, and testing a guess against it costs `iterations` hashes.
 *
 * Names and passwords are taken as UTF-8 as they are: Kafka and librdkafka don't prepare them (SASLprep) either, and a
 * side that did would fail for exactly the passwords that it changes.
 */
import { createHash, createHmac, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { SaslError } from './sasl-error.ts';

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

interface Hash {
  readonly algorithm: 'sha256' | 'sha512';
  readonly bytes: number;
}

const hashes: Readonly<Record<ScramMechanism, Hash>> = {
  'SCRAM-SHA-256': { algorithm: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { algorithm: 'sha512', bytes: 64 },
};

export const scramMechanisms = Object.keys(hashes) as readonly ScramMechanism[];

/** Fewest iterations that RFC 7677 and Kafka allow. */
export const scramIterationsMin = 4096;
/** Most iterations that Kafka lets a credential have. */
export const scramIterationsMax = 16_384;

/** A user's credential as servers keep it. */
export interface ScramCredential {
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** H(HMAC(SaltedPassword, "Client Key")). */
  readonly storedKey: Uint8Array;
  /** HMAC(SaltedPassword, "Server Key"). */
  readonly serverKey: Uint8Array;
}

export function isScramMechanism(name: string): name is ScramMechanism {
  return Object.hasOwn(hashes, name);
}

/** The credential of a password. The hashing is done off the event loop. */
export async function scramCredential(
  mechanism: ScramMechanism,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<ScramCredential> {
  return credentialOfSaltedPassword(
    mechanism,
    await saltedPassword(mechanism, password, salt, iterations),
    salt,
    iterations,
  );
}

/** The credential of a salted password, which is what AlterUserScramCredentials carries (KIP-554). */
export function credentialOfSaltedPassword(
  mechanism: ScramMechanism,
  salted: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): ScramCredential {
  return {
    salt,
    iterations,
    storedKey: scramHash(mechanism, clientKeyOf(mechanism, salted)),
    serverKey: serverKeyOf(mechanism, salted),
  };
}

/** Hi(password, salt, iterations): PBKDF2, on a thread of the pool. Throws `SaslError` for an unusable password. */
export async function saltedPassword(
  mechanism: ScramMechanism,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array> {
  if (!password.isWellFormed()) {
    throw new SaslError('malformed_sasl', mechanism, 'the password holds half a character (a lone surrogate)');
  }
  const { algorithm, bytes } = hashes[mechanism];
  return promisify(pbkdf2)(Buffer.from(password, 'utf8'), salt, iterations, bytes, algorithm);
}

export function scramHash(mechanism: ScramMechanism, bytes: Uint8Array): Uint8Array {
  return createHash(hashes[mechanism].algorithm).update(bytes).digest();
}

export function scramHmac(mechanism: ScramMechanism, key: Uint8Array, text: string | Uint8Array): Uint8Array {
  return createHmac(hashes[mechanism].algorithm, key).update(text).digest();
}

export function clientKeyOf(mechanism: ScramMechanism, salted: Uint8Array): Uint8Array {
  return scramHmac(mechanism, salted, 'Client Key');
}

export function serverKeyOf(mechanism: ScramMechanism, salted: Uint8Array): Uint8Array {
  return scramHmac(mechanism, salted, 'Server Key');
}

/** Byte by byte exclusive or of two strings of one length. */
export function exclusiveOr(left: Uint8Array, right: Uint8Array): Uint8Array {
  return Uint8Array.from(left, (byte, index) => byte ^ (right[index] as number));
}

/** Bytes of the mechanism's hash: of keys, signatures and proofs. */
export function scramHashBytes(mechanism: ScramMechanism): number {
  return hashes[mechanism].bytes;
}
