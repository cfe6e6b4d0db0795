/**
 * What an entry of the audit log holds, and its digest: SHA-256 over its canonical JSON, the digest of the entry before
 * among it. Who changes an entry changes the digests of all that follow.
 */
import { createHash } from 'node:crypto';
import { type Principal, principalText } from '@millrace/api';
import { assert } from '@millrace/base';
import { sql, type Transaction } from 'kysely';
import { jsonText, storable } from '../database/json.ts';
import { lockLedger } from '../database/ledger.ts';
import type { Schema } from '../database/schema.ts';
import type { Json } from '../operations/plan-kind.ts';
import { canonicalJson } from './canonical-json.ts';
import { secretPlaces } from './secret-places.ts';

/** What happened, before it has its place in the log. */
export interface NewAuditEntry {
  readonly principal: Pick<Principal, 'kind' | 'name'>;
  /** `declared.created`, `operation.applied`, and so on. */
  readonly action: string;
  /** What it happened to. */
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
  /** How it was, and how it is now. Never a secret. */
  readonly before?: Json | undefined;
  readonly after?: Json | undefined;
  /** In the words of whoever asked. */
  readonly why: string;
  readonly operation?: string | undefined;
}

/** What a digest is taken of. */
export interface AuditContent {
  readonly seq: number;
  readonly at: Date;
  readonly principal: string;
  readonly action: string;
  readonly kind: string | null;
  readonly id: string | null;
  readonly before: Json;
  readonly after: Json;
  readonly why: string;
  readonly operation: string | null;
  readonly previous: string;
}

const rowsMax = 500;

/** SHA-256 in hexadecimal. */
export function auditDigest(content: AuditContent): string {
  const { seq, at, principal, action, kind, id, before, after, why, operation, previous } = content;
  const what = { principal, action, kind, id, before, after, why, operation };
  const text = canonicalJson({ seq, at: at.toISOString(), ...what, previous });
  return createHash('sha256').update(text).digest('hex');
}

/** Adds entries as part of a transaction, in their order. That one holds a secret is a defect of whoever made it. */
export async function appendAudit(transaction: Transaction<Schema>, entries: readonly NewAuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await lockLedger(transaction);
  let { seq, digest: previous } = await head(transaction);
  const at = await now(transaction);
  const rows = entries.map(({ principal, action, kind = null, id = null, before, after, why, operation = null }) => {
    const places = secretPlaces({ before, after });
    assert(places.length === 0, `the audit log was given a secret in ${action} ${id ?? ''} at ${places.join(', ')}`);
    seq++;
    const what = { kind, id, before: before ?? null, after: after ?? null, why: storable(why), operation };
    const content = { seq, at, principal: principalText(principal), action, ...what, previous };
    const digest = auditDigest(content);
    previous = digest;
    return { ...content, before: jsonText(before), after: jsonText(after), digest };
  });
  for (let begin = 0; begin < rows.length; begin += rowsMax) {
    await transaction
      .insertInto('audit_entry')
      .values(rows.slice(begin, begin + rowsMax))
      .execute();
  }
}

/** Number and digest of the newest entry; those of an empty log are 0 and the log's name. */
export async function head(transaction: Transaction<Schema>): Promise<{ seq: number; digest: string }> {
  const newest = transaction.selectFrom('audit_entry').select(['seq', 'digest']).orderBy('seq', 'desc').limit(1);
  const row = await newest.executeTakeFirst();
  return (
    row ?? { seq: 0, digest: (await transaction.selectFrom('audit_log').select('id').executeTakeFirstOrThrow()).id }
  );
}

/** The database's time, in milliseconds, which is what JavaScript's dates hold. */
async function now(transaction: Transaction<Schema>): Promise<Date> {
  const { rows } = await sql<{ at: Date }>`SELECT date_trunc('milliseconds', clock_timestamp()) AS at`.execute(
    transaction,
  );
  return rows[0]?.at as Date;
}
