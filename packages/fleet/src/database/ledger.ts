import { sql, type Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** An arbitrary number that is the ledger's among advisory locks. */
const lockKey = 6_481_203;

/**
 * Lets one transaction at a time write to the ledger: the record, the audit log and the feed. So their numbers are in
 * the order of commits, and who has read up to one has missed nothing before it.
 *
 * A transaction that also locks rows of its own does so before, so that no two wait for each other.
 */
export async function lockLedger(transaction: Transaction<Schema>): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${sql.lit(lockKey)})`.execute(transaction);
}
