/** Credentials as the API shows them. */
import type { CredentialView } from '@millrace/api/fleet';
import { type Credential, mayBeKnown } from './credential-store.ts';

const dayMs = 24 * 60 * 60 * 1000;

export function credentialView(credential: Credential, now: Date, sealed?: string): CredentialView {
  const { id, kind, principal, clusters, operation, issuedBy, issuedAt } = credential;
  const { confirmedAt, endedAt, expiresAt, certificate } = credential;
  return {
    id,
    kind,
    principal,
    clusters: [...clusters],
    state: stateOf(credential, now),
    issuedAt: issuedAt.toISOString(),
    issuedBy,
    operation,
    confirmedAt: confirmedAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
    expiresAt: expiresAt?.toISOString() ?? null,
    daysLeft: expiresAt === null ? null : daysLeft(expiresAt, now),
    ...(certificate !== null && { certificate }),
    ...(sealed !== undefined && { sealed }),
  };
}

/** Whole days until then; negative when it is over. */
export function daysLeft(expiresAt: Date, now: Date): number {
  return Math.floor((expiresAt.getTime() - now.getTime()) / dayMs);
}

export function isValid(credential: Credential, now: Date): boolean {
  return stateOf(credential, now) === 'valid';
}

function stateOf(credential: Credential, now: Date): CredentialView['state'] {
  if (credential.endedAs !== null) return credential.endedAs;
  if (credential.expiresAt !== null && credential.expiresAt <= now) return 'expired';
  return mayBeKnown(credential) ? 'valid' : 'undelivered';
}
