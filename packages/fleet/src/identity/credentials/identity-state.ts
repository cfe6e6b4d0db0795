/** What an application was issued, and what follows from that for what it is issued next. Pure. */
import type { Application } from '@millrace/api/declared';
import { otherSlot, principalOf, type Slot } from '../principals.ts';
import type { Credential } from './credential-store.ts';

/** What a plan is worked out of. */
export interface IdentityState {
  readonly application: Application;
  /** All that were ever issued to it, oldest first. */
  readonly credentials: readonly Credential[];
  readonly now: Date;
}

/** Those that a name in a certificate stands for. After a revocation it is another, since old ones are valid still. */
export function certificatePrincipal(application: string, credentials: readonly Credential[]): string {
  const revoked = credentials.filter(({ kind, endedAs }) => kind === 'certificate' && endedAs === 'revoked');
  const generation = new Set(revoked.map(({ principal }) => principal)).size;
  // As clusters spell the name: the most specific part first.
  return generation === 0 ? `User:CN=${application}` : `User:CN=${application},OU=${generation + 1}`;
}

export function livePasswords(credentials: readonly Credential[]): Credential[] {
  return credentials.filter(({ kind, endedAt }) => kind === 'scram' && endedAt === null);
}

export function liveCertificates(credentials: readonly Credential[], now: Date): Credential[] {
  return credentials.filter(
    ({ kind, endedAt, expiresAt }) =>
      kind === 'certificate' && endedAt === null && (expiresAt === null || expiresAt > now),
  );
}

/** The one whose turn it is: not the one that had a password last. */
export function nextSlot(application: string, credentials: readonly Credential[]): Slot {
  const last = credentials.findLast(({ kind }) => kind === 'scram');
  return last === undefined ? 'a' : otherSlot(slotOf(application, last.principal));
}

export function slotOf(application: string, principal: string): Slot {
  return principal === principalOf(application, 'b') ? 'b' : 'a';
}
