/**
 * Sessions of browsers: opened with a login or with a token, over after a day's work or when nobody used them for long.
 * One that was opened with a token may do what the token may, and ends with it.
 */
import { type Principal, ProblemError, principalText } from '@millrace/api';
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { principalWith } from './rights.ts';
import { digestOf, newSecret } from './secret-token.ts';
import type { TokenInfo, Tokens } from './tokens.ts';
import { installationOwner, type Users, userName } from './users.ts';

export const sessionMs = 12 * 3_600_000;
const idleMs = 2 * 3_600_000;
const seenEveryMs = 60_000;

export class Sessions {
  readonly #db: Kysely<Schema>;
  readonly #users: Users;
  readonly #tokens: Tokens;

  constructor(db: Kysely<Schema>, users: Users, tokens: Tokens) {
    this.#db = db;
    this.#users = users;
    this.#tokens = tokens;
  }

  /** Opens a session of an owner, bound to a token if it was shown; answers its id, which is a secret. */
  async open(owner: string, token?: TokenInfo): Promise<string> {
    const id = newSecret();
    const now = Date.now();
    await this.#db.deleteFrom('access_session').where('expires_at', '<', new Date(now)).execute();
    await this.#db
      .insertInto('access_session')
      .values({ digest: digestOf(id), owner, token: token?.id ?? null, expires_at: new Date(now + sessionMs) })
      .execute();
    return id;
  }

  /** Whose session it is, and what they may do now; undefined when there is none, or no longer. A use prolongs it. */
  async find(id: string, isUse: boolean): Promise<Principal | undefined> {
    const digest = digestOf(id);
    const now = Date.now();
    const row = await this.#db
      .selectFrom('access_session')
      .selectAll()
      .where('digest', '=', digest)
      .where('expires_at', '>', new Date(now))
      .where('seen_at', '>', new Date(now - idleMs))
      .executeTakeFirst();
    if (row === undefined) return undefined;
    if (isUse && now - row.seen_at.getTime() > seenEveryMs) {
      await this.#db
        .updateTable('access_session')
        .set({ seen_at: new Date(now) })
        .where('digest', '=', digest)
        .execute();
    }
    if (row.token !== null) {
      const token = await this.#tokens.byId(row.token);
      return token && (await this.#tokens.principalOf(token));
    }
    return principalWith(whoIs(row.owner), await this.#users.rightsOf(row.owner));
  }

  /** The token that a session was opened with. */
  async tokenOf(id: string): Promise<TokenInfo | undefined> {
    const row = await this.#db
      .selectFrom('access_session')
      .select('token')
      .where('digest', '=', digestOf(id))
      .executeTakeFirst();
    return row?.token == null ? undefined : await this.#tokens.byId(row.token);
  }

  async close(id: string): Promise<void> {
    await this.#db.deleteFrom('access_session').where('digest', '=', digestOf(id)).execute();
  }
}

function whoIs(owner: string): Pick<Principal, 'kind' | 'name'> {
  const user = userName(owner);
  return user === undefined ? { kind: 'system', name: 'installation' } : { kind: 'user', name: user };
}

/** The owner of what a principal makes who showed no token of the database: a user, or the installation itself. */
export function ownerOf(principal: Principal): string {
  const owner = principalText(principal);
  if (principal.kind === 'user' || owner === installationOwner) return owner;
  throw new ProblemError('forbidden', `${principal.name} can own neither tokens nor sessions; log in first`);
}
