/** Types of the source by their number, as far as their values are written differently. */
import type { Queryable } from '../../catalog/read-catalog.ts';

export interface SourceType {
  readonly oid: number;
  readonly name: string;
  /** `b` base, `e` enum, `d` domain, `r` range, `m` multirange, `c` composite. */
  readonly kind: string;
  /** Of an array: the type of its elements; else 0. */
  readonly element: number;
  /** Of a domain: the type below it, and its modifier; else 0. */
  readonly base: number;
  readonly baseModifier: number;
}

export type SourceTypes = ReadonlyMap<number, SourceType>;

export async function readTypes(connection: Queryable): Promise<SourceTypes> {
  const { rows } = await connection.query<SourceType>(
    `SELECT oid::int8::float8 AS oid, typname::text AS name, typtype::text AS kind,
       CASE WHEN typcategory = 'A' THEN typelem::int8::float8 ELSE 0 END AS element,
       typbasetype::int8::float8 AS base, typtypmod AS "baseModifier" FROM pg_type`,
  );
  return new Map(rows.map((type) => [type.oid, type]));
}
