/**
 * Passwords that applications log in with by SCRAM: 32 random bytes, so that no number of guesses finds one, and of
 * letters that need no quoting anywhere. What is kept of one is a verifier.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type ScramMechanism, scramCredential, scramIterationsMin } from '@millrace/wire';

export const mechanism: ScramMechanism = 'SCRAM-SHA-512';

/** What tells whether a password is the right one (RFC 5802); no cluster takes it in place of the password. */
export interface Verifier {
  readonly mechanism: ScramMechanism;
  readonly iterations: number;
  /** Base64, as are the keys. Of this verifier alone: each cluster has a salt of its own. */
  readonly salt: string;
  readonly storedKey: string;
  readonly serverKey: string;
}

const passwordBytes = 32;
const saltBytes = 24;

export function newPassword(): string {
  return randomBytes(passwordBytes).toString('base64url');
}

export async function verifierOf(password: string): Promise<Verifier> {
  return await verifier(password, randomBytes(saltBytes), scramIterationsMin);
}

/** Whether it is the password that the verifier was made of. */
export async function proves(password: string, { salt, iterations, storedKey }: Verifier): Promise<boolean> {
  const given = await verifier(password, Buffer.from(salt, 'base64'), iterations);
  return timingSafeEqual(Buffer.from(given.storedKey, 'base64'), Buffer.from(storedKey, 'base64'));
}

async function verifier(password: string, salt: Uint8Array, iterations: number): Promise<Verifier> {
  const { storedKey, serverKey } = await scramCredential(mechanism, password, salt, iterations);
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return { mechanism, iterations, salt: text(salt), storedKey: text(storedKey), serverKey: text(serverKey) };
}
