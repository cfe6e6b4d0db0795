import type { Token } from '@millrace/api/fleet';
import { roleOf } from './rights.ts';
import type { TokenInfo } from './tokens.ts';

/** A token as the API shows it; never its secret, which nobody has any more. */
export function tokenView(token: TokenInfo): Token {
  const { name, owner, rights, createdAt, expiresAt, lastUsedAt, revokedAt } = token;
  const isOver = expiresAt.getTime() <= Date.now();
  return {
    name,
    owner,
    role: roleOf(rights),
    teams: [...rights.teams],
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    state: revokedAt !== null ? 'revoked' : isOver ? 'expired' : 'valid',
  };
}
