/**
 * API tokens: shown once, kept as digests. A token bears the name of whoever made it, so that nobody approves with one
 * what they asked for with another; those that the installation itself made have names of their own.
 *
 * What a token may do is what it was given, within what its owner may do at the moment. Revoking one revokes those that
 * were made with it, and ends their sessions.
 */
import { randomUUID } from 'node:crypto';
import { type Principal, ProblemError } from '@millrace/api';
import { type Kysely, sql } from 'kysely';
import { appendAudit } from '../audit/audit-entry.ts';
import { jsonText } from '../database/json.ts';
import type { Schema } from '../database/schema.ts';
import { cursorOf, readCursor } from '../lists/cursor.ts';
import type { Json } from '../operations/plan-kind.ts';
import { allRights, isWithin, narrow, principalWith, type Rights, rightsOf } from './rights.ts';
import { digestOf, newApiToken } from './secret-token.ts';
import { type Users, userName, userOwner } from './users.ts';

export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly rights: Rights;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

export interface TokenFilter {
  readonly owner?: string | undefined;
  readonly name?: string | undefined;
}

export interface NewToken {
  readonly name: string;
  readonly rights: Rights;
  readonly expiresAt: Date;
}

/** Who makes a token, for whom, and the token that they showed, if any. */
export interface TokenMaker {
  readonly principal: Principal;
  readonly owner: string;
  readonly shown: TokenInfo | undefined;
}

const usedEveryMs = 60_000;
/** As long as what groups gave somebody holds without another login. */
const loginTokenMs = 30 * 86_400_000;

export class Tokens {
  readonly #db: Kysely<Schema>;
  readonly #users: Users;

  constructor(db: Kysely<Schema>, users: Users) {
    this.#db = db;
    this.#users = users;
  }

  /** A token that is valid now; undefined for any other text. */
  async find(secret: string): Promise<TokenInfo | undefined> {
    return await this.#valid('digest', digestOf(secret));
  }

  async byId(id: string): Promise<TokenInfo | undefined> {
    return await this.#valid('id', id);
  }

  /** Who acts with a token, by what its owner may do now. */
  async principalOf({ id, name, owner, rights, lastUsedAt }: TokenInfo): Promise<Principal> {
    const user = userName(owner);
    const who = user === undefined ? ({ kind: 'token', name } as const) : ({ kind: 'user', name: user } as const);
    const now = new Date();
    if (lastUsedAt === null || now.getTime() - lastUsedAt.getTime() > usedEveryMs) {
      await this.#db.updateTable('access_token').set({ last_used_at: now }).where('id', '=', id).execute();
    }
    return principalWith(who, narrow(rights, await this.#users.rightsOf(owner)));
  }

  /**
   * Makes a token; its secret is in the answer and nowhere else.
   *
   * @throws ProblemError `forbidden` for rights that the maker does not have, `conflict` for a name that is in use
   */
  async create(
    wanted: NewToken,
    { principal, owner, shown }: TokenMaker,
  ): Promise<{ info: TokenInfo; secret: string }> {
    if (!isWithin(wanted.rights, rightsOf(principal))) {
      throw new ProblemError('forbidden', 'a token may do no more than whoever makes it; ask for a smaller role');
    }
    const expiresAt = shown && shown.expiresAt < wanted.expiresAt ? shown.expiresAt : wanted.expiresAt;
    return await this.#insert({ ...wanted, expiresAt, owner, parent: shown?.id ?? null }, principal);
  }

  /** Makes a token for a login of a user: it may do whatever they may at the moment. */
  async createFor(user: string, name: string): Promise<{ info: TokenInfo; secret: string }> {
    const expiresAt = new Date(Date.now() + loginTokenMs);
    const token = { name, rights: allRights, expiresAt, owner: userOwner(user), parent: null };
    return await this.#insert(token, { kind: 'user', name: user });
  }

  /** The one of this name that is not revoked. */
  async byName(name: string): Promise<TokenInfo | undefined> {
    const named = this.#db.selectFrom('access_token').selectAll().where('name', '=', name);
    const row = await named.where('revoked_at', 'is', null).executeTakeFirst();
    return row && infoOf(row);
  }

  /** Newest first, those that are over too. */
  async list(
    { owner, name }: TokenFilter,
    { limit = 100, cursor }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
  ): Promise<{ items: TokenInfo[]; next: string | null }> {
    // As far as a cursor tells it.
    const createdAt = sql<Date>`date_trunc('milliseconds', created_at)`;
    const [at, id] = cursor === undefined ? [] : readCursor(cursor, ['number', 'string']);
    const rows = await this.#db
      .selectFrom('access_token')
      .selectAll()
      .$if(owner !== undefined, (query) => query.where('owner', '=', owner ?? ''))
      .$if(name !== undefined, (query) => query.where('name', '=', name ?? ''))
      .$if(at !== undefined, (query) =>
        query.where(sql<boolean>`(${createdAt}, id::text) < (${new Date(at ?? 0)}, ${id})`),
      )
      .orderBy(createdAt, 'desc')
      .orderBy(sql`id::text`, 'desc')
      .limit(limit + 1)
      .execute();
    const items = rows.slice(0, limit).map(infoOf);
    const last = items.at(-1);
    const next = rows.length > limit && last !== undefined ? cursorOf([last.createdAt.getTime(), last.id]) : null;
    return { items, next };
  }

  /** Revokes the token of this name, and all that were made with it; undefined when there is none. */
  async revoke(name: string, principal: Principal): Promise<TokenInfo | undefined> {
    return await this.#db.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ id: string; name: string }>`
        WITH RECURSIVE made AS (
          SELECT id, name FROM access_token WHERE name = ${name} AND revoked_at IS NULL
          UNION SELECT child.id, child.name FROM access_token child JOIN made ON child.parent = made.id
        )
        UPDATE access_token SET revoked_at = now() FROM made
        WHERE access_token.id = made.id AND revoked_at IS NULL RETURNING made.id, made.name`.execute(transaction);
      if (rows.length === 0) return undefined;
      await transaction
        .deleteFrom('access_session')
        .where(
          'token',
          'in',
          rows.map(({ id }) => id),
        )
        .execute();
      await appendAudit(
        transaction,
        rows.map((row) => {
          const why = row.name === name ? 'asked for' : `made with ${name}`;
          return { principal, action: 'token.revoked', kind: 'token', id: row.name, why };
        }),
      );
      const revoked = transaction.selectFrom('access_token').selectAll().where('name', '=', name);
      return infoOf(await revoked.orderBy('revoked_at', 'desc').executeTakeFirstOrThrow());
    });
  }

  async #insert(
    token: NewToken & { readonly owner: string; readonly parent: string | null },
    principal: Pick<Principal, 'kind' | 'name'>,
  ): Promise<{ info: TokenInfo; secret: string }> {
    const { name, rights, owner, parent, expiresAt } = token;
    const secret = newApiToken();
    const id = randomUUID();
    const row = { id, name, digest: digestOf(secret), owner, parent, rights: jsonText(rights) as string };
    await this.#db.transaction().execute(async (transaction) => {
      const made = await transaction
        .insertInto('access_token')
        .values({ ...row, expires_at: expiresAt })
        .onConflict((conflict) => conflict.column('name').where('revoked_at', 'is', null).doNothing())
        .returning('id')
        .executeTakeFirst();
      if (made === undefined) {
        throw new ProblemError('conflict', `there is a token ${name} already; revoke it first, or choose another name`);
      }
      const after = { owner, rights: rights as unknown as Json, expiresAt: expiresAt.toISOString() };
      await appendAudit(transaction, [
        { principal, action: 'token.created', kind: 'token', id: name, after, why: 'asked for' },
      ]);
    });
    return { info: (await this.byId(id)) as TokenInfo, secret };
  }

  async #valid(column: 'id' | 'digest', value: string): Promise<TokenInfo | undefined> {
    const row = await this.#db
      .selectFrom('access_token')
      .selectAll()
      .where(column, '=', value)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', new Date())
      .executeTakeFirst();
    return row && infoOf(row);
  }
}

function infoOf(row: {
  id: string;
  name: string;
  owner: string;
  rights: Rights;
  created_at: Date;
  expires_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
}): TokenInfo {
  const { id, name, owner, rights } = row;
  const times = { createdAt: row.created_at, expiresAt: row.expires_at, lastUsedAt: row.last_used_at };
  return { id, name, owner, rights, ...times, revokedAt: row.revoked_at };
}
