/**
 * The table of figures over time, bounded by how long they are kept. Rows are appended to; a bucket that two processes
 * wrote parts of is the two put together.
 */
import { type Kysely, sql } from 'kysely';
import { fenced, type Lease } from '../../database/lease.ts';
import type { Schema } from '../../database/schema.ts';
import type { SeriesRow } from './series-collector.ts';

const rowsMax = 2_000;

export interface StoredHour {
  readonly cluster: string;
  readonly subject: string;
  readonly hour: Date;
  readonly body: Buffer;
}

export async function appendSeries(
  db: Kysely<Schema>,
  lease: Lease,
  cluster: string,
  rows: readonly SeriesRow[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += rowsMax) {
    const part = rows.slice(at, at + rowsMax);
    const subjects = part.map(({ subject }) => subject);
    const hours = part.map(({ hour }) => new Date(hour).toISOString());
    const bodies = part.map(({ body }) => body);
    await db.transaction().execute(async (transaction) => {
      await fenced(transaction, lease);
      await sql`
        INSERT INTO series_hour (cluster, subject, hour, body)
        SELECT ${cluster}, * FROM unnest(${subjects}::text[], ${hours}::timestamptz[], ${bodies}::bytea[])
        ON CONFLICT (cluster, subject, hour) DO UPDATE SET body = series_hour.body || excluded.body
      `.execute(transaction);
    });
  }
}

/** Rows of these subjects whose hour begins in the time, which ends before `to`. */
export async function readSeries(
  db: Kysely<Schema>,
  of: readonly { readonly cluster: string; readonly subject: string }[],
  from: Date,
  to: Date,
): Promise<StoredHour[]> {
  const clusters = of.map(({ cluster }) => cluster);
  const subjects = of.map(({ subject }) => subject);
  const { rows } = await sql<StoredHour>`
    SELECT s.cluster, s.subject, s.hour, s.body
    FROM unnest(${clusters}::text[], ${subjects}::text[]) AS wanted (cluster, subject)
    JOIN series_hour s ON s.cluster = wanted.cluster AND s.subject = wanted.subject
    WHERE s.hour >= date_trunc('hour', ${from}::timestamptz, 'UTC') AND s.hour < ${to}::timestamptz
  `.execute(db);
  return rows;
}

export async function pruneSeries(db: Kysely<Schema>, lease: Lease, before: Date): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await fenced(transaction, lease);
    await transaction.deleteFrom('series_hour').where('hour', '<', before).execute();
  });
}
