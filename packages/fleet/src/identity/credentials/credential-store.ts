/**
 * Credentials as the system of record has them: what was issued, when, to whom and how it ended; and which principals
 * are shut out. Changes are seen in the feed as those of their application.
 */
import type { Kysely, Selectable, Transaction } from 'kysely';
import { sql } from 'kysely';
import { noteConfigChange } from '../../config/config-head.ts';
import type { Schema } from '../../database/schema.ts';
import { appendEvents } from '../../events/event-feed.ts';
import type { Verifier } from '../secrets/password.ts';
import type { CredentialTable } from '../tables.ts';

export type CredentialKind = 'scram' | 'certificate';
export type CredentialEnd = NonNullable<CredentialTable['ended_as']>;

/** One that was issued; `sealed` is left out, which is for its receiver. */
export interface Credential {
  readonly id: string;
  readonly application: string;
  readonly kind: CredentialKind;
  /** `User:orders.a`. */
  readonly principal: string;
  readonly clusters: readonly string[];
  readonly operation: string;
  readonly issuedAt: Date;
  readonly issuedBy: string;
  readonly verifier: Verifier | null;
  /** PEM. */
  readonly certificate: string | null;
  readonly expiresAt: Date | null;
  readonly sealedFor: CredentialTable['sealed_for'];
  readonly deliveredAt: Date | null;
  /** Of one that replaces another: when that one goes, whatever is said. */
  readonly oldUntil: Date | null;
  readonly confirmedAt: Date | null;
  readonly confirmedBy: string | null;
  readonly endedAt: Date | null;
  readonly endedAs: CredentialEnd | null;
}

export interface NewCredential {
  readonly id: string;
  readonly application: string;
  readonly kind: CredentialKind;
  readonly principal: string;
  readonly clusters: readonly string[];
  readonly operation: string;
  readonly issuedBy: string;
  readonly verifier?: Verifier | undefined;
  readonly certificate?: string | undefined;
  readonly serial?: string | undefined;
  readonly expiresAt?: Date | undefined;
  readonly sealed?: string | undefined;
  /** Sealed under the key of the control plane, for instances of an application that is enrolled. */
  readonly kept?: string | undefined;
  readonly sealedFor: CredentialTable['sealed_for'];
  readonly oldUntil?: Date | undefined;
}

/** By whom and since when a principal is shut out of a cluster. */
export interface ShutOutBy {
  readonly operation: string;
  readonly since: Date;
}

/** By principals that are shut out, by clusters. */
export type ShutOut = ReadonlyMap<string, ReadonlyMap<string, ShutOutBy>>;

export type Reader = Kysely<Schema> | Transaction<Schema>;

/** Of feeds: what changes here is told as a change of its application. */
export const changeKind = 'application';

export class CredentialStore {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Of one application, or of all, oldest first. */
  async list(application?: string): Promise<Credential[]> {
    const all = this.#db.selectFrom('credential').selectAll().orderBy('issued_at').orderBy('id');
    const rows = await (application === undefined ? all : all.where('application', '=', application)).execute();
    return rows.map(credentialOf);
  }

  /** What an operation has issued; undefined while it has not. */
  async issuedBy(operation: string, reader: Reader = this.#db): Promise<Credential | undefined> {
    const row = await reader.selectFrom('credential').selectAll().where('operation', '=', operation).executeTakeFirst();
    return row && credentialOf(row);
  }

  /** Of an application that are valid. */
  async live(application: string, reader: Reader = this.#db): Promise<Credential[]> {
    const rows = await reader
      .selectFrom('credential')
      .selectAll()
      .where('application', '=', application)
      .where('ended_at', 'is', null)
      .orderBy('issued_at')
      .orderBy('id')
      .execute();
    return rows.map(credentialOf);
  }

  /**
   * Does what concerns a principal's credential while nobody else does. What is done outside of the database may be
   * done again when this fails, so it must be harmless to repeat.
   */
  async exclusively<T>(principal: string, work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
    return await this.#db.transaction().execute(async (transaction) => {
      await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`credential of ${principal}`}, 0))`.execute(
        transaction,
      );
      return await work(transaction);
    });
  }

  async add(transaction: Transaction<Schema>, added: NewCredential): Promise<void> {
    const { application, kind, principal } = added;
    if (kind === 'scram') {
      await transaction
        .updateTable('credential')
        .set({ ended_at: sql<Date>`clock_timestamp()`, ended_as: 'replaced', sealed: null, kept: null })
        .where('principal', '=', principal)
        .where('ended_at', 'is', null)
        .execute();
    }
    await transaction.insertInto('credential').values(rowOf(added)).execute();
    await noteConfigChange(transaction);
    await appendEvents(transaction, [{ kind: changeKind, id: application, what: 'credential_issued' }]);
  }

  /** The sealed secret of one that was made for a request: once, to whom asks first. */
  async collect(id: string): Promise<string | undefined> {
    return await this.#db.transaction().execute(async (transaction) => {
      const row = await transaction
        .selectFrom('credential')
        .select(['sealed', 'application'])
        .where('id', '=', id)
        .where('sealed_for', '=', 'request')
        .where('sealed', 'is not', null)
        .forUpdate()
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const delivered = { sealed: null, delivered_at: sql<Date>`clock_timestamp()` };
      await transaction.updateTable('credential').set(delivered).where('id', '=', id).execute();
      await noteConfigChange(transaction);
      await appendEvents(transaction, [{ kind: changeKind, id: row.application, what: 'credential_delivered' }]);
      return row.sealed ?? undefined;
    });
  }

  /** What is sealed to the keys of applications, by credential. */
  async sealedForApplication(application: string): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#db
      .selectFrom('credential')
      .select(['id', 'sealed'])
      .where('application', '=', application)
      .where('sealed_for', '=', 'application')
      .where('ended_at', 'is', null)
      .execute();
    return new Map(rows.flatMap(({ id, sealed }) => (sealed === null ? [] : [[id, sealed] as const])));
  }

  /** Says that its application uses it; answers false when that was said before. */
  async confirm(transaction: Transaction<Schema>, { id, application }: Credential, by: string): Promise<boolean> {
    const { numUpdatedRows } = await transaction
      .updateTable('credential')
      .set({ confirmed_at: sql<Date>`clock_timestamp()`, confirmed_by: by })
      .where('id', '=', id)
      .where('confirmed_at', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    await appendEvents(transaction, [{ kind: changeKind, id: application, what: 'credential_confirmed' }]);
    return true;
  }

  /** Ends one; one that has ended stays as it is. What was sealed goes with it. */
  async end(transaction: Transaction<Schema>, id: string, as: CredentialEnd): Promise<void> {
    const row = await transaction
      .updateTable('credential')
      .set({ ended_at: sql<Date>`clock_timestamp()`, ended_as: as, sealed: null, kept: null })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .returning('application')
      .executeTakeFirst();
    if (row === undefined) return;
    await noteConfigChange(transaction);
    await appendEvents(transaction, [{ kind: changeKind, id: row.application, what: `credential_${as}` }]);
  }

  async shutOut(reader: Reader = this.#db): Promise<ShutOut> {
    const rows = await reader.selectFrom('shut_out').selectAll().orderBy('principal').orderBy('cluster').execute();
    const found = new Map<string, Map<string, ShutOutBy>>();
    for (const { principal, cluster, operation, since } of rows) {
      found.set(principal, (found.get(principal) ?? new Map()).set(cluster, { operation, since }));
    }
    return found;
  }

  /** One that is shut out already is so by this operation from now on. */
  async addShutOut(
    transaction: Transaction<Schema>,
    of: { principal: string; cluster: string; application: string; operation: string },
  ): Promise<void> {
    await transaction
      .insertInto('shut_out')
      .values(of)
      .onConflict((conflict) =>
        conflict
          .columns(['principal', 'cluster'])
          .doUpdateSet({ operation: of.operation, since: sql<Date>`clock_timestamp()` }),
      )
      .execute();
    await appendEvents(transaction, [{ kind: changeKind, id: of.application, what: 'principal_shut_out' }]);
  }

  /** Answers false when another operation than that has shut it out meanwhile, or nobody any more. */
  async removeShutOut(
    transaction: Transaction<Schema>,
    of: { readonly principal: string; readonly cluster: string; readonly operation: string },
  ): Promise<boolean> {
    const { numDeletedRows } = await transaction
      .deleteFrom('shut_out')
      .where('principal', '=', of.principal)
      .where('cluster', '=', of.cluster)
      .where('operation', '=', of.operation)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }
}

/** Whether its secret may be known to somebody: until then it can be made anew. */
export function mayBeKnown({ sealedFor, deliveredAt }: Credential): boolean {
  return sealedFor !== 'request' || deliveredAt !== null;
}

function credentialOf(row: Selectable<CredentialTable>): Credential {
  const { id, application, kind, principal, clusters, operation, verifier, certificate } = row;
  return {
    id,
    application,
    kind,
    principal,
    clusters,
    operation,
    issuedAt: row.issued_at,
    issuedBy: row.issued_by,
    verifier,
    certificate,
    expiresAt: row.expires_at,
    sealedFor: row.sealed_for,
    deliveredAt: row.delivered_at,
    oldUntil: row.old_until,
    confirmedAt: row.confirmed_at,
    confirmedBy: row.confirmed_by,
    endedAt: row.ended_at,
    endedAs: row.ended_as,
  };
}

function rowOf(added: NewCredential) {
  const { id, application, kind, principal, clusters, operation } = added;
  return {
    id,
    application,
    kind,
    principal,
    clusters: [...clusters],
    operation,
    issued_by: added.issuedBy,
    verifier: added.verifier === undefined ? null : JSON.stringify(added.verifier),
    certificate: added.certificate ?? null,
    serial: added.serial ?? null,
    expires_at: added.expiresAt ?? null,
    sealed: added.sealed ?? null,
    kept: added.kept ?? null,
    sealed_for: added.sealedFor,
    old_until: added.oldUntil ?? null,
  };
}
