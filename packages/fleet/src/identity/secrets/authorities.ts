/**
 * Authorities of the fleet, one after the other. The next one is made before it signs, so that clusters trust both when
 * it begins to; the former one is trusted until nothing that it signed is in use.
 */
import 'reflect-metadata';
import { type Principal, ProblemError } from '@millrace/api';
import type { AuthorityState } from '@millrace/api/fleet';
import { X509Certificate } from '@peculiar/x509';
import type { Kysely, Transaction } from 'kysely';
import { appendAudit } from '../../audit/audit-entry.ts';
import type { Schema } from '../../database/schema.ts';
import { appendEvents } from '../../events/event-feed.ts';
import { newAuthority } from './certificates.ts';
import type { SealingKey } from './sealing-key.ts';

/** An authority without its key. */
export interface KnownAuthority {
  /** The serial number of its certificate. */
  readonly id: string;
  readonly state: AuthorityState;
  readonly certificate: X509Certificate;
  readonly createdAt: Date;
}

export interface AuthorityChange {
  readonly principal: Principal;
  readonly why: string;
}

type Reader = Kysely<Schema> | Transaction<Schema>;

/** The one that signs first, then the next, then former ones, newest first; none while none was needed. */
export async function knownAuthorities(db: Reader): Promise<KnownAuthority[]> {
  const current = await db.selectFrom('certificate_authority').selectAll().execute();
  const others = await db
    .selectFrom('certificate_authority_other')
    .selectAll()
    .orderBy('state', 'desc')
    .orderBy('created_at', 'desc')
    .execute();
  return [...current.map((row) => ({ ...row, state: 'current' as const })), ...others].map((row) => {
    const certificate = new X509Certificate(row.certificate);
    return { id: certificate.serialNumber, state: row.state, certificate, createdAt: row.created_at };
  });
}

/** Whether it has signed a certificate (PEM). */
export function hasSigned({ certificate }: KnownAuthority, pem: string): boolean {
  return new X509Certificate(pem).issuer === certificate.subject;
}

/** Makes the authority that is to follow. Throws `ProblemError` `conflict` where there is one, or none to follow. */
export async function makeNextAuthority(
  db: Kysely<Schema>,
  sealingKey: SealingKey,
  change: AuthorityChange,
): Promise<string> {
  const { certificate, sealed_key } = await newAuthority(sealingKey, 'another');
  const id = new X509Certificate(certificate).serialNumber;
  return await db.transaction().execute(async (transaction) => {
    const known = await knownAuthorities(transaction);
    if (known.length === 0) {
      throw new ProblemError('conflict', 'there is no authority to replace: the first is made when one is needed');
    }
    const made = await transaction
      .insertInto('certificate_authority_other')
      .values({ id, state: 'next', certificate, sealed_key, sealing_key: sealingKey.id })
      .onConflict((conflict) => conflict.column('state').where('state', '=', 'next').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (made === undefined) {
      throw new ProblemError('conflict', 'there is a next authority already; activate it, or forget it first');
    }
    await tell(transaction, 'made', id, change);
    return id;
  });
}

/** From now on the next one signs. Throws `ProblemError` `conflict` where there is none. */
export async function activateNextAuthority(db: Kysely<Schema>, change: AuthorityChange): Promise<string> {
  return await db.transaction().execute(async (transaction) => {
    const current = await transaction.selectFrom('certificate_authority').selectAll().forUpdate().executeTakeFirst();
    const next = await transaction
      .deleteFrom('certificate_authority_other')
      .where('state', '=', 'next')
      .returningAll()
      .executeTakeFirst();
    if (current === undefined || next === undefined || next.sealed_key === null || next.sealing_key === null) {
      throw new ProblemError('conflict', 'there is no next authority; make one, and have clusters trust it first');
    }
    const { certificate, created_at } = current;
    const id = new X509Certificate(certificate).serialNumber;
    await transaction
      .insertInto('certificate_authority_other')
      .values({ id, state: 'former', certificate, created_at })
      .execute();
    await transaction
      .updateTable('certificate_authority')
      .set({
        certificate: next.certificate,
        sealed_key: next.sealed_key,
        sealing_key: next.sealing_key,
        created_at: next.created_at,
      })
      .execute();
    await tell(transaction, 'activated', next.id, change);
    return next.id;
  });
}

/**
 * Forgets a former authority that nobody needs, or the next one.
 *
 * @throws ProblemError `not_found`; `conflict` for the one that signs, or while something that it signed is valid
 */
export async function forgetAuthority(db: Kysely<Schema>, id: string, change: AuthorityChange): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const authority = (await knownAuthorities(transaction)).find((each) => each.id === id);
    if (authority === undefined) throw new ProblemError('not_found', `there is no authority ${JSON.stringify(id)}`);
    if (authority.state === 'current') {
      throw new ProblemError('conflict', `the authority ${id} signs; make another one and activate it first`);
    }
    const users = (await validCertificates(transaction)).filter(({ certificate }) => hasSigned(authority, certificate));
    if (users.length > 0) {
      const names = [...new Set(users.map(({ application }) => application))];
      const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
      const advice = 'issue them others, and end these or wait until they expire';
      throw new ProblemError('conflict', `${shown} have valid certificates of the authority ${id}; ${advice}`);
    }
    await transaction.deleteFrom('certificate_authority_other').where('id', '=', id).execute();
    await tell(transaction, 'forgotten', id, change);
  });
}

/** Of applications, that have neither ended nor expired. */
export async function validCertificates(db: Reader): Promise<{ application: string; certificate: string }[]> {
  const rows = await db
    .selectFrom('credential')
    .select(['application', 'certificate'])
    .where('kind', '=', 'certificate')
    .where('ended_at', 'is', null)
    .where('expires_at', '>', new Date())
    .execute();
  return rows.flatMap(({ application, certificate }) => (certificate === null ? [] : [{ application, certificate }]));
}

const kind = 'certificate_authority';

async function tell(transaction: Transaction<Schema>, what: string, id: string, change: AuthorityChange) {
  await appendAudit(transaction, [{ ...change, action: `authority.${what}`, kind, id }]);
  await appendEvents(transaction, [{ kind, id, what }]);
}
