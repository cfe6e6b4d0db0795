/**
 * Access to the control plane, as one of its parts: who somebody is who shows a token or a session, and the routes for
 * tokens, sessions and logins.
 *
 * There are three ways in: the installation's own token, which is its admin's; tokens that were made here; sessions,
 * opened with a token or with a login at the provider.
 */
import type { Principal, Route } from '@millrace/api';
import type { Kysely } from 'kysely';
import { databaseAnswer } from '../control-plane/database-answers.ts';
import type { Schema } from '../database/schema.ts';
import type { FleetRecord } from '../record/record.ts';
import { LoginProvider, type LoginProviderOptions } from './login-provider.ts';
import { loginRoutes } from './login-routes.ts';
import { Logins } from './logins.ts';
import { meRoutes } from './me-routes.ts';
import { Sessions } from './sessions.ts';
import { tokenRoutes } from './token-routes.ts';
import { Tokens } from './tokens.ts';
import { Users } from './users.ts';

/** What is configured of access; nothing need be. */
export interface AccessSettings {
  /** Names of those who may do everything. */
  readonly admins?: readonly string[] | undefined;
  readonly provider?: LoginProviderOptions | undefined;
  /** Under which people call the server, where that is not how it sees itself: `https://millrace.example`. */
  readonly publicUrl?: string | undefined;
}

export interface AccessOptions {
  readonly db: Kysely<Schema>;
  readonly record: Pick<FleetRecord, 'current'>;
  readonly settings?: AccessSettings | undefined;
}

export interface Access {
  readonly routes: readonly Route[];
  /** Who shows a token of the database; undefined: nobody. */
  token(secret: string): Promise<Principal | undefined>;
  /** Whose session it is; `isUse`: whether somebody does something with it now. */
  session(id: string, isUse: boolean): Promise<Principal | undefined>;
}

export function openAccess({ db, record, settings = {} }: AccessOptions): Access {
  const { admins, publicUrl } = settings;
  const users = new Users({ db, record, admins });
  const tokens = new Tokens(db, users);
  const sessions = new Sessions(db, users, tokens);
  const logins = new Logins(db);
  const provider = settings.provider && new LoginProvider(settings.provider);
  return {
    routes: [
      ...meRoutes(record, provider === undefined ? 'token' : 'provider'),
      ...tokenRoutes({ tokens, sessions, provider, publicUrl }),
      ...loginRoutes({ provider, logins, users, sessions, tokens, publicUrl }),
    ],
    token: (secret) =>
      asked(async () => {
        const token = await tokens.find(secret);
        return token && (await tokens.principalOf(token));
      }),
    session: (id, isUse) => asked(() => sessions.find(id, isUse)),
  };
}

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw databaseAnswer(error);
  }
}
