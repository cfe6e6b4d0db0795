/**
 * Logins under way, each for ten minutes and to be finished once: first with the provider, by the state that came with
 * the browser; then, when a command on somebody's machine began it, by the code that the browser brought to it.
 */
import type { Kysely } from 'kysely';
import { jsonText } from '../database/json.ts';
import type { Schema } from '../database/schema.ts';
import { digestOf, newSecret } from './secret-token.ts';

/** A command that waits on a port of the browser's own machine, and proves that it is the one that began. */
export interface WaitingCommand {
  readonly port: number;
  /** SHA-256 of its verifier, in base64url (RFC 7636). */
  readonly challenge: string;
}

export interface ProviderLogin {
  readonly nonce: string;
  readonly verifier: string;
  /** Digest of the cookie that the browser got: another browser can't finish it. */
  readonly browser: string;
  readonly redirectUri: string;
  readonly returnTo: string;
  readonly command?: WaitingCommand | undefined;
}

export interface CommandLogin {
  readonly user: string;
  readonly challenge: string;
}

export type LoginDetails = ProviderLogin | CommandLogin;

interface Stages {
  readonly provider: ProviderLogin;
  readonly command: CommandLogin;
}

export const loginMs = 600_000;
/** More at once would be somebody who fills the table. */
const loginsMax = 10_000;

export class Logins {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Answers what finishes it: a secret. */
  async begin<S extends keyof Stages>(stage: S, details: Stages[S]): Promise<string> {
    const secret = newSecret();
    const now = Date.now();
    await this.#db.deleteFrom('access_login').where('expires_at', '<', new Date(now)).execute();
    const surplus = this.#db
      .selectFrom('access_login')
      .select('digest')
      .orderBy('expires_at', 'desc')
      .offset(loginsMax);
    await this.#db.deleteFrom('access_login').where('digest', 'in', surplus).execute();
    const row = { digest: digestOf(secret), stage, details: jsonText(details) as string };
    await this.#db
      .insertInto('access_login')
      .values({ ...row, expires_at: new Date(now + loginMs) })
      .execute();
    return secret;
  }

  /** What was begun, which is over now; undefined when there is no such login. */
  async finish<S extends keyof Stages>(stage: S, secret: string): Promise<Stages[S] | undefined> {
    const row = await this.#db
      .deleteFrom('access_login')
      .where('digest', '=', digestOf(secret))
      .where('stage', '=', stage)
      .where('expires_at', '>', new Date())
      .returning('details')
      .executeTakeFirst();
    return row?.details as Stages[S] | undefined;
  }
}
