/** Chinook (github.com/lerocha/chinook-database), and a random load of writes and schema changes on it. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { Client } from 'pg';

/** The script without what makes and chooses a database. */
export function chinookScript(): string {
  const text = gunzipSync(readFileSync(new URL('chinook/chinook.sql.gz', import.meta.url))).toString('utf8');
  return text.replace(/^(DROP DATABASE|CREATE DATABASE|\\c).*$/gm, '');
}

/** Values that are stored apart, and keys that change. */
export const documentsScript = `CREATE TABLE document (document_id integer PRIMARY KEY, body text, state integer);
  ALTER TABLE document ALTER COLUMN body SET STORAGE EXTERNAL;
  INSERT INTO document SELECT i, repeat(chr(97 + i % 26), 9000), 0 FROM generate_series(1, 60) i;`;

export type Random = () => number;

/** mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function statement(random: Random): string {
  const upTo = (count: number): number => 1 + Math.floor(random() * count);
  const fresh = 10_000 + upTo(100_000);
  const choices: (() => string)[] = [
    () => `UPDATE track SET unit_price = unit_price + 0.01, composer = 'c${upTo(9)}' WHERE track_id % 97 = ${upTo(97)}`,
    () => `UPDATE customer SET city = 'Città ${upTo(99)}' WHERE customer_id = ${upTo(59)}`,
    () => `INSERT INTO artist VALUES (${fresh}, 'artist "${fresh}"') ON CONFLICT DO NOTHING`,
    () => `DELETE FROM playlist_track WHERE track_id % 211 = ${upTo(211)}`,
    () => `INSERT INTO playlist_track SELECT ${upTo(18)}, track_id FROM track WHERE track_id % 311 = ${upTo(311)}
      ON CONFLICT DO NOTHING`,
    () => `UPDATE invoice SET total = total + 1 WHERE invoice_id = ${upTo(412)}`,
    () => `UPDATE document SET state = state + 1 WHERE document_id % 7 = ${upTo(7)}`,
    () => `UPDATE document SET body = repeat('${upTo(9)}', 9000) WHERE document_id = ${upTo(60)}`,
    () => `UPDATE document SET document_id = ${fresh}, state = -1 WHERE document_id = (
      SELECT document_id FROM document ORDER BY random() LIMIT 1) AND NOT EXISTS (
      SELECT FROM document WHERE document_id = ${fresh})`,
    () => `INSERT INTO document VALUES (${fresh}, repeat('n', 9000), 0) ON CONFLICT DO NOTHING`,
    () => `DELETE FROM document WHERE document_id = (SELECT max(document_id) FROM document)`,
    () => `BEGIN; INSERT INTO genre VALUES (${fresh}, 'gone'); ROLLBACK`,
    () => `BEGIN; UPDATE album SET title = title || '.' WHERE album_id = ${upTo(347)};
      UPDATE artist SET name = 'together' WHERE artist_id = ${upTo(275)}; COMMIT`,
  ];
  return (choices[Math.floor(random() * choices.length)] as () => string)();
}

/** Writes until it is told to end; sessions that break are opened anew. */
export async function writeRandomly(url: string, random: Random, signal: AbortSignal): Promise<number> {
  let done = 0;
  while (!signal.aborted) {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      for (; !signal.aborted; done++) {
        await client.query(statement(random));
        await sleep(random() * 6);
      }
    } catch {
      await sleep(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  return done;
}

/** Changes of tables, each behind the one before; then a row in each table is written, so that all of it is told of. */
export function schemaChanges(random: Random): string[] {
  const changes = [
    'ALTER TABLE customer ADD COLUMN points integer DEFAULT 7',
    'ALTER TABLE customer RENAME COLUMN company TO firm',
    'ALTER TABLE customer DROP COLUMN fax',
    'ALTER TABLE track ALTER COLUMN milliseconds TYPE bigint',
    'ALTER TABLE invoice ALTER COLUMN total TYPE numeric(12,4)',
    `ALTER TABLE document ADD COLUMN tag text DEFAULT 'a''b', DROP COLUMN state, ADD COLUMN state integer`,
    'ALTER TABLE artist ADD COLUMN born date',
    'CREATE TABLE review (review_id integer PRIMARY KEY, stars numeric(3,1)); INSERT INTO review VALUES (1, 4.5)',
    'ALTER TABLE album RENAME COLUMN title TO name; ALTER TABLE album ADD COLUMN title text',
  ];
  // In any order; each is of its own.
  return changes
    .map((sql) => ({ sql, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ sql }) => sql);
}

/** All tables of the source that are to be equal. */
export async function tablesOf(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}
