/**
 * The SCRAM credentials of users: kept in the cluster's journal, changed by AlterUserScramCredentials and by the
 * cluster's options. A credential proves a password without holding it (RFC 5802).
 */

import type { Randomness } from '@millrace/base';
import {
  isScramMechanism,
  type ScramCredential,
  type ScramMechanism,
  scramCredential,
  scramIterationsMax,
  scramIterationsMin,
} from '@millrace/wire';
import { ConfigurationError } from '../configuration/definition.ts';
import type { Journal, JournalSection } from '../journal/journal.ts';

/** A user that the cluster is to know from its start on. */
export interface ScramUser {
  readonly username: string;
  readonly password: string;
  /** Default both. */
  readonly mechanism?: ScramMechanism | undefined;
  /** 4096 to 16384, default 4096. */
  readonly iterations?: number | undefined;
}

/** Made once, at the first start. */
interface SecretEntry {
  /** Base64. */
  readonly secret: string;
}

interface CredentialEntry {
  readonly user: string;
  readonly mechanism: ScramMechanism;
  /** Null: deleted. Bytes are base64. */
  readonly credential: {
    readonly salt: string;
    readonly iterations: number;
    readonly storedKey: string;
    readonly serverKey: string;
  } | null;
}

const saltBytes = 16;
const secretBytes = 32;

export class ScramCredentials {
  readonly #section: JournalSection<CredentialEntry | SecretEntry>;
  readonly #users = new Map<string, Map<ScramMechanism, ScramCredential>>();
  #secret: Uint8Array = new Uint8Array(0);

  constructor(journal: Journal) {
    this.#section = journal.section<CredentialEntry | SecretEntry>('scram-credentials', {
      apply: (entry) => this.#apply(entry),
      snapshot: () => this.#snapshot(),
    });
  }

  /** Makes up the salts of users that don't exist, the same at every start. Empty before `start`. */
  get secret(): Uint8Array {
    return this.#secret;
  }

  /** To be called once the journal was replayed. Rejects as `JournalSection.append` does. */
  async start(randomness: Randomness): Promise<void> {
    if (this.#secret.length > 0) return;
    await this.#section.append({ secret: Buffer.from(randomness.bytes(secretBytes)).toString('base64') });
  }

  get users(): Iterable<string> {
    return this.#users.keys();
  }

  of(user: string, mechanism: ScramMechanism): ScramCredential | undefined {
    return this.#users.get(user)?.get(mechanism);
  }

  /** What a user has; undefined when there is no such user. */
  allOf(user: string): ReadonlyMap<ScramMechanism, ScramCredential> | undefined {
    return this.#users.get(user);
  }

  /** Sets a credential, or with undefined removes it. Rejects as `JournalSection.append` does. */
  set(user: string, mechanism: ScramMechanism, credential: ScramCredential | undefined): Promise<void> {
    return this.#section.append({ user, mechanism, credential: credential === undefined ? null : encoded(credential) });
  }

  /**
   * Adds those credentials that are not there yet; answers the users who have one already, which stays. Rejects with
   * `ConfigurationError` for a user that can't be.
   */
  async addAbsent(users: readonly ScramUser[], randomness: Randomness): Promise<string[]> {
    const present: string[] = [];
    for (const user of users) {
      checkUser(user);
      const { username, password, iterations = scramIterationsMin } = user;
      const wanted: ScramMechanism[] = user.mechanism ? [user.mechanism] : ['SCRAM-SHA-256', 'SCRAM-SHA-512'];
      for (const mechanism of wanted) {
        if (this.of(username, mechanism) !== undefined) present.push(username);
        else {
          const salt = randomness.bytes(saltBytes);
          await this.set(username, mechanism, await scramCredential(mechanism, password, salt, iterations));
        }
      }
    }
    return [...new Set(present)];
  }

  #apply(entry: CredentialEntry | SecretEntry): void {
    if ('secret' in entry) {
      this.#secret = Buffer.from(entry.secret, 'base64');
      return;
    }
    const { user, mechanism, credential } = entry;
    const known = this.#users.get(user);
    if (credential === null) {
      known?.delete(mechanism);
      if (known?.size === 0) this.#users.delete(user);
    } else if (known === undefined) this.#users.set(user, new Map([[mechanism, decoded(credential)]]));
    else known.set(mechanism, decoded(credential));
  }

  *#snapshot(): Iterable<CredentialEntry | SecretEntry> {
    if (this.#secret.length > 0) yield { secret: Buffer.from(this.#secret).toString('base64') };
    for (const [user, credentials] of this.#users) {
      for (const [mechanism, credential] of credentials) yield { user, mechanism, credential: encoded(credential) };
    }
  }
}

function checkUser({ username, password, mechanism, iterations = scramIterationsMin }: ScramUser): void {
  const refuse = (what: string): never => {
    throw new ConfigurationError('scramUsers', `SCRAM user ${username}: ${what}`);
  };
  if (username === '' || password === '') refuse('name and password must not be empty');
  if (mechanism !== undefined && !isScramMechanism(mechanism)) refuse(`${mechanism} is no SCRAM mechanism`);
  if (!Number.isInteger(iterations) || iterations < scramIterationsMin || iterations > scramIterationsMax) {
    refuse(`iterations must be ${scramIterationsMin} to ${scramIterationsMax}`);
  }
}

function encoded(credential: ScramCredential): NonNullable<CredentialEntry['credential']> {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const { salt, iterations, storedKey, serverKey } = credential;
  return { salt: text(salt), iterations, storedKey: text(storedKey), serverKey: text(serverKey) };
}

function decoded(credential: NonNullable<CredentialEntry['credential']>): ScramCredential {
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');
  const { salt, iterations, storedKey, serverKey } = credential;
  return { salt: bytes(salt), iterations, storedKey: bytes(storedKey), serverKey: bytes(serverKey) };
}
