/**
 * What people may do: what teams of the record name them, who is an admin by the configuration, and what groups of the
 * login provider gave them. The last holds for some time after a login, since nobody tells when a group loses somebody.
 */
import { ProblemError, principalText } from '@millrace/api';
import type { Kysely } from 'kysely';
import { jsonText } from '../database/json.ts';
import type { Schema } from '../database/schema.ts';
import type { FleetRecord } from '../record/record.ts';
import { allRights, noRights, type Rights, union } from './rights.ts';

/** The installation itself: whoever can read its token. */
export const installationOwner = 'system:installation';

const groupsHoldMs = 30 * 86_400_000;

export interface UsersOptions {
  readonly db: Kysely<Schema>;
  readonly record: Pick<FleetRecord, 'current'>;
  /** Names of those who may do everything. */
  readonly admins?: readonly string[] | undefined;
}

export class Users {
  readonly #options: UsersOptions;

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  /** What an owner of tokens and sessions may do now. */
  async rightsOf(owner: string): Promise<Rights> {
    if (owner === installationOwner) return allRights;
    const name = userName(owner);
    if (name === undefined) return noRights;
    const row = await this.#options.db
      .selectFrom('access_user')
      .select(['rights', 'logged_in_at'])
      .where('name', '=', name)
      .executeTakeFirst();
    const isFresh = row !== undefined && Date.now() - row.logged_in_at.getTime() < groupsHoldMs;
    return union(this.#declaredRights(name), isFresh ? row.rights : noRights);
  }

  /**
   * Notes a login, with what the groups give.
   *
   * @throws ProblemError `forbidden` when the name is already somebody else's
   */
  async loggedIn(user: { readonly name: string; readonly subject: string; readonly rights: Rights }): Promise<void> {
    const { name, subject } = user;
    const rights = jsonText(user.rights) as string;
    await this.#options.db.transaction().execute(async (transaction) => {
      const known = await transaction
        .selectFrom('access_user')
        .select(['name', 'subject'])
        .where((each) => each.or([each('name', '=', name), each('subject', '=', subject)]))
        .forUpdate()
        .execute();
      // Whoever takes over a name would take over what it owns.
      if (known.some((row) => row.name === name && row.subject !== subject)) {
        throw new ProblemError('forbidden', `the name ${name} is already somebody else's here; ask an admin`);
      }
      const now = { name, rights, logged_in_at: new Date() };
      const former = known.find((row) => row.subject === subject)?.name;
      if (former === undefined) {
        await transaction
          .insertInto('access_user')
          .values({ ...now, subject })
          .execute();
        return;
      }
      await transaction.updateTable('access_user').set(now).where('subject', '=', subject).execute();
      if (former === name) return;
      for (const table of ['access_token', 'access_session'] as const) {
        const owned = transaction.updateTable(table).set({ owner: userOwner(name) });
        await owned.where('owner', '=', userOwner(former)).execute();
      }
    });
  }

  #declaredRights(name: string): Rights {
    const { record, admins = [] } = this.#options;
    const teams = record.current().list('team');
    const named = teams.flatMap(({ spec }): Rights['teams'] => {
      if (spec.owners?.includes(name)) return [{ name: spec.name, role: 'owner' }];
      return spec.members?.includes(name) ? [{ name: spec.name, role: 'member' }] : [];
    });
    return { admin: admins.includes(name), teams: named };
  }
}

export function userOwner(name: string): string {
  return principalText({ kind: 'user', name });
}

/** The name of a user who owns something; undefined when it is no user's. */
export function userName(owner: string): string | undefined {
  return owner.startsWith('user:') ? owner.slice('user:'.length) : undefined;
}
