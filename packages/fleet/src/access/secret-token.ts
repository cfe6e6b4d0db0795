/**
 * Secrets that are handed out once: 256 random bits. Kept are their SHA-256 digests; a slow hash would add nothing, for
 * nobody can try 2^256 of them.
 */
import { hash, randomBytes } from 'node:crypto';

/** The prefix lets scanners find tokens that were put where they don't belong. */
export function newApiToken(): string {
  return `millrace_${newSecret()}`;
}

export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function digestOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}
