/**
 * Rows of a range of keys as one digest, which does not depend on their order: how many there are, and the sums of both
 * halves of their MD5. The servers do it; a range is all that ever is in memory here.
 */
import type { Client } from 'pg';
import { quoted } from '../sql/names.ts';
import type { ComparedTable } from './compared-table.ts';

/** Keys as texts, behind the first and up to the second; null: without a bound. */
export interface KeyRange {
  readonly after: readonly string[] | null;
  readonly upTo: readonly string[] | null;
}

export interface RangeDigest {
  readonly rows: number;
  readonly digest: string;
}

export async function digestOf(client: Client, table: ComparedTable, range: KeyRange): Promise<RangeDigest> {
  const { where, values } = within(table, range);
  const half = (from: number): string =>
    `coalesce(sum(('x' || substr(h, ${from}, 16))::bit(64)::bigint::numeric), 0)::text`;
  const { rows } = await client.query<{ rows: string; digest: string }>(
    `SELECT count(*)::text AS rows, ${half(1)} || ' ' || ${half(17)} AS digest
     FROM (SELECT ${rowDigest(table)} AS h FROM ${table.sql} ${where}) q`,
    values,
  );
  return { rows: Number(rows[0]?.rows ?? 0), digest: rows[0]?.digest ?? '' };
}

/** The key of the row that many rows behind the range's beginning; undefined where there are fewer. */
export async function keyBehind(
  client: Client,
  table: ComparedTable,
  range: KeyRange,
  rowCount: number,
): Promise<readonly string[] | undefined> {
  const { where, values } = within(table, range);
  const { rows } = await client.query<(string | null)[]>({
    text: `SELECT ${keyTexts(table)} FROM ${table.sql} ${where}
      ORDER BY ${orders(table)} OFFSET ${rowCount - 1} LIMIT 1`,
    values,
    rowMode: 'array',
  });
  return rows[0]?.map(String);
}

/** Every so many rows' key. */
export async function keysEvery(
  client: Client,
  table: ComparedTable,
  range: KeyRange,
  step: number,
): Promise<readonly (readonly string[])[]> {
  const { where, values } = within(table, range);
  const names = table.key.map((_, index) => `k${index}`).join(', ');
  const texts = table.key.map(({ name }, index) => `${quoted(name)}::text AS k${index}`).join(', ');
  const { rows } = await client.query<(string | null)[]>({
    text: `SELECT ${names} FROM (SELECT ${texts}, row_number() OVER (ORDER BY ${orders(table)}) AS n
      FROM ${table.sql} ${where}) q WHERE n % ${step} = 0 ORDER BY n`,
    values,
    rowMode: 'array',
  });
  return rows.map((row) => row.map(String));
}

/** Digests by key, as `keyId` has it. */
export async function rowDigests(client: Client, table: ComparedTable, range: KeyRange): Promise<Map<string, string>> {
  const { where, values } = within(table, range);
  return await digestsWhere(client, table, where, values);
}

export async function digestsOfKeys(
  client: Client,
  table: ComparedTable,
  keys: readonly (readonly string[])[],
): Promise<Map<string, string>> {
  return await digestsWhere(client, table, amongSql(table), amongValues(table, keys));
}

/** Whole rows as texts by column. */
export async function rowsOfKeys(
  client: Client,
  table: ComparedTable,
  keys: readonly (readonly string[])[],
): Promise<Map<string, ReadonlyMap<string, string | null>>> {
  const columns = table.columns.map((column) => `${quoted(column)}::text`).join(', ');
  const { rows } = await client.query<(string | null)[]>({
    text: `SELECT ${keyTexts(table)}, ${columns} FROM ${table.sql} ${amongSql(table)}`,
    values: amongValues(table, keys),
    rowMode: 'array',
  });
  const wide = table.key.length;
  return new Map(
    rows.map((row) => [
      keyId(row.slice(0, wide).map(String)),
      new Map(table.columns.map((column, index) => [column, row[wide + index] ?? null])),
    ]),
  );
}

export function keyId(key: readonly string[]): string {
  return JSON.stringify(key);
}

async function digestsWhere(
  client: Client,
  table: ComparedTable,
  where: string,
  values: readonly unknown[],
): Promise<Map<string, string>> {
  const { rows } = await client.query<(string | null)[]>({
    text: `SELECT ${rowDigest(table)}, ${keyTexts(table)} FROM ${table.sql} ${where}`,
    values: [...values],
    rowMode: 'array',
  });
  return new Map(rows.map(([digest, ...key]) => [keyId(key.map(String)), String(digest)]));
}

/** A row's text tells null from empty, and where a column ends. */
function rowDigest(table: ComparedTable): string {
  return `md5(ROW(${table.columns.map((column) => `${quoted(column)}::text`).join(', ')})::text)`;
}

function keyTexts(table: ComparedTable): string {
  return table.key.map(({ name }) => `${quoted(name)}::text`).join(', ');
}

function orders(table: ComparedTable): string {
  return table.key.map(({ order }) => order).join(', ');
}

function within(
  table: ComparedTable,
  { after, upTo }: KeyRange,
): { readonly where: string; readonly values: string[] } {
  const values = [...(after ?? []), ...(upTo ?? [])];
  const row = (from: number): string => table.key.map(({ type }, index) => `$${from + index + 1}::${type}`).join(', ');
  const bounds = [
    ...(after === null ? [] : [`(${orders(table)}) > (${row(0)})`]),
    ...(upTo === null ? [] : [`(${orders(table)}) <= (${row(after?.length ?? 0)})`]),
  ];
  return { where: bounds.length === 0 ? '' : `WHERE ${bounds.join(' AND ')}`, values };
}

function amongSql(table: ComparedTable): string {
  const lists = table.key.map((_, index) => `$${index + 1}::text[]`).join(', ');
  const typed = table.key.map(({ type }, index) => `u.k${index}::${type}`).join(', ');
  const names = table.key.map((_, index) => `k${index}`).join(', ');
  const own = table.key.map(({ name }) => quoted(name)).join(', ');
  return `WHERE (${own}) IN (SELECT ${typed} FROM unnest(${lists}) u (${names}))`;
}

function amongValues(table: ComparedTable, keys: readonly (readonly string[])[]): (string | undefined)[][] {
  return table.key.map((_, index) => keys.map((key) => key[index]));
}
