/**
 * What an applier keeps in the target, in the schema `millrace_sync`: how far each partition is, and which shape each
 * table has. It is written in the transactions that apply changes, so it is as true as they are.
 */
import type { Client } from 'pg';
import type { ObjectName } from '../../sql/names.ts';
import type { Position, StoredPosition } from '../target.ts';
import { ApplierFencedError } from './target-error.ts';

export async function makeStateTables(client: Client): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('millrace_sync'))`);
    await client.query(`CREATE SCHEMA IF NOT EXISTS millrace_sync;
      CREATE TABLE IF NOT EXISTS millrace_sync.positions (
        applier text NOT NULL, topic text NOT NULL, partition integer NOT NULL, next_offset bigint NOT NULL,
        lsn text NOT NULL DEFAULT '', committed_ms bigint NOT NULL DEFAULT 0,
        applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (applier, topic, partition));
      CREATE TABLE IF NOT EXISTS millrace_sync.tables (
        applier text NOT NULL, schema_name text NOT NULL, table_name text NOT NULL, version integer NOT NULL,
        PRIMARY KEY (applier, schema_name, table_name));`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

export async function readPositions(client: Client, applier: string): Promise<StoredPosition[]> {
  const { rows } = await client.query<{ topic: string; partition: number; next: string; lsn: string; ms: string }>(
    `SELECT topic, partition, next_offset::text AS next, lsn, committed_ms::text AS ms
     FROM millrace_sync.positions WHERE applier = $1 ORDER BY topic, partition`,
    [applier],
  );
  return rows.map(({ topic, partition, next, lsn, ms }) => ({
    ...{ topic, partition, lsn },
    offset: Number(next),
    commitMs: Number(ms),
  }));
}

/**
 * Moves each partition from where it stood. Throws `ApplierFencedError` where one stands elsewhere: then somebody else
 * has applied what this transaction is about to.
 */
export async function movePositions(client: Client, applier: string, positions: readonly Position[]): Promise<void> {
  if (positions.length === 0) return;
  const { rowCount } = await client.query(
    `INSERT INTO millrace_sync.positions AS p (applier, topic, partition, next_offset, lsn, committed_ms, applied_at)
     SELECT $1, u.topic, u.partition, u.next, u.lsn, u.ms, clock_timestamp()
     FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[])
       u (topic, partition, expected, next, lsn, ms)
     ON CONFLICT (applier, topic, partition) DO UPDATE
       SET next_offset = EXCLUDED.next_offset, applied_at = EXCLUDED.applied_at,
         lsn = CASE WHEN EXCLUDED.lsn = '' THEN p.lsn ELSE EXCLUDED.lsn END,
         committed_ms = CASE WHEN EXCLUDED.committed_ms = 0 THEN p.committed_ms ELSE EXCLUDED.committed_ms END
       WHERE (p.topic, p.partition, p.next_offset) IN
         (SELECT e.topic, e.partition, e.expected
          FROM unnest($2::text[], $3::int[], $4::bigint[]) e (topic, partition, expected))`,
    [
      applier,
      positions.map(({ topic }) => topic),
      positions.map(({ partition }) => partition),
      positions.map(({ from }) => from),
      positions.map(({ offset }) => offset),
      positions.map(({ lsn }) => lsn),
      positions.map(({ commitMs }) => commitMs),
    ],
  );
  if (rowCount === positions.length) return;
  throw new ApplierFencedError(
    `somebody else applies as ${applier} too: end one of the two, or give it another --name`,
  );
}

/** Of the source's shapes: which one the target's table has. */
export async function readVersion(client: Client, applier: string, table: ObjectName): Promise<number | undefined> {
  const { rows } = await client.query<{ version: number }>(
    'SELECT version FROM millrace_sync.tables WHERE applier = $1 AND schema_name = $2 AND table_name = $3',
    [applier, table.schema ?? 'public', table.name],
  );
  return rows[0]?.version;
}

export async function writeVersion(client: Client, applier: string, table: ObjectName, version: number): Promise<void> {
  await client.query(
    `INSERT INTO millrace_sync.tables VALUES ($1, $2, $3, $4)
     ON CONFLICT (applier, schema_name, table_name) DO UPDATE SET version = EXCLUDED.version`,
    [applier, table.schema ?? 'public', table.name, version],
  );
}
