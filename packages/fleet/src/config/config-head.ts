/**
 * The revision of the config service's own part of what answers follow from. It and the record's grow under one lock,
 * so what both were at a moment is one point of one history, and their sum is greater at each later point.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import { lockLedger } from '../database/ledger.ts';
import type { Schema } from '../database/schema.ts';

export interface Heads {
  readonly record: number;
  readonly config: number;
}

/**
 * Says, as part of a transaction, that it has changed something that answers follow from. Processes look when there is
 * an event, so whoever calls this adds one as well.
 */
export async function noteConfigChange(transaction: Transaction<Schema>): Promise<void> {
  await lockLedger(transaction);
  await sql`UPDATE config_head SET revision = revision + 1`.execute(transaction);
}

/** Raises the version of answers by so much, as part of a transaction that notes a change. */
export async function stepForward(transaction: Transaction<Schema>, by: number): Promise<void> {
  await sql`UPDATE config_head SET revision = revision + ${by}`.execute(transaction);
}

/** Both as of one moment. */
export async function readHeads(db: Kysely<Schema>): Promise<Heads> {
  const row = await db
    .selectFrom('config_head')
    .innerJoin('record_head', (join) => join.onTrue())
    .select(['record_head.revision as record', 'config_head.revision as config'])
    .executeTakeFirst();
  return { record: row?.record ?? 0, config: row?.config ?? 0 };
}
