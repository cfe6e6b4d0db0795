/** Who may be asking: how the server finds out, without knowing where tokens and sessions are kept. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { Principal } from '@millrace/api';

export interface Authentication {
  /** Whose token it is; undefined: nobody's, or no longer. */
  token(token: string): Promise<Principal | undefined>;
  /**
   * Whose session has this id, likewise; absent: there are no sessions. `isUse` is false where somebody only looks
   * whether it still holds, so that a session that nobody uses ends all the same.
   */
  session?(id: string, isUse: boolean): Promise<Principal | undefined>;
  /**
   * As whom somebody reads who shows nothing; undefined: nobody reads then, and programs of a dialect that is open to
   * them need a token too.
   */
  readonly anonymous?: Principal | undefined;
}

/** Whoever sits at this machine, or reads what is for everybody. */
export const anonymous: Principal = { kind: 'system', name: 'anonymous', role: 'viewer', teams: [] };

/** Whoever can read this installation's own token. */
const installation: Principal = { kind: 'system', name: 'installation', role: 'admin', teams: [] };

/** One token, which is an admin's; everybody may read. */
export function oneToken(token: string): Authentication {
  const isToken = comparison(token);
  return { token: async (given) => (isToken(given) ? installation : undefined), anonymous };
}

/**
 * The token of an installation, beside tokens and sessions that are kept elsewhere. `openToRead`: who shows nothing may
 * read, which is for a machine whose people may all see what runs there.
 */
export function installedAuthentication(
  token: string,
  kept: Pick<Authentication, 'token' | 'session'>,
  openToRead: boolean,
): Authentication {
  const isToken = comparison(token);
  return {
    token: async (given) => (isToken(given) ? installation : await kept.token(given)),
    session: async (id, isUse) => await kept.session?.(id, isUse),
    ...(openToRead && { anonymous }),
  };
}

/** Compares digests, so that the time taken tells nothing about the token. */
function comparison(token: string): (given: string) => boolean {
  const wanted = digestOf(token);
  return (given) => timingSafeEqual(digestOf(given), wanted);
}

/** Stands for a secret where that need not be known. */
export function digestOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
