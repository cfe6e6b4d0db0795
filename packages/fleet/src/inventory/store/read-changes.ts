/** The history of what was observed, newest first. */
import { ProblemError } from '@millrace/api';
import type { ObservedChangeView } from '@millrace/api/fleet';
import type { Kysely } from 'kysely';
import type { Static } from 'typebox';
import type { Schema } from '../../database/schema.ts';

export interface ChangeQuery {
  readonly cluster?: string | undefined;
  readonly kind?: string | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

type ChangeView = Static<typeof ObservedChangeView>;

const limitDefault = 100;

/** A page; throws `ProblemError` for a cursor that is none. */
export async function readChanges(
  db: Kysely<Schema>,
  query: ChangeQuery,
): Promise<{ items: ChangeView[]; next: string | null }> {
  const { cluster, kind, kinds, name, from, until, limit = limitDefault } = query;
  let select = db.selectFrom('observed_change').selectAll();
  if (cluster !== undefined) select = select.where('cluster', '=', cluster);
  if (kind !== undefined) select = select.where('kind', '=', kind);
  if (kinds !== undefined) select = select.where('kind', 'in', [...kinds]);
  if (name !== undefined) select = select.where('name', '=', name);
  if (from !== undefined) select = select.where('at', '>=', new Date(from));
  if (until !== undefined) select = select.where('at', '<', new Date(until));
  if (query.cursor !== undefined) select = select.where('id', '<', placeOf(query.cursor));
  const rows = await select
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  const items = rows.slice(0, limit).map(
    (row): ChangeView => ({
      at: row.at.toISOString(),
      cluster: row.cluster,
      kind: row.kind,
      name: row.name,
      what: row.what as ChangeView['what'],
      ...(row.field !== null && { field: row.field }),
      ...(row.from_value !== null && { from: row.from_value }),
      ...(row.to_value !== null && { to: row.to_value }),
    }),
  );
  const last = rows[limit - 1];
  return { items, next: rows.length > limit && last !== undefined ? String(last.id) : null };
}

function placeOf(cursor: string): number {
  const place = Number(cursor);
  if (/^\d{1,15}$/.test(cursor)) return place;
  throw new ProblemError('invalid_request', 'the cursor is not one that this list gave; begin again without it', {
    issues: [{ field: '/cursor', message: 'is not one that this list gave' }],
  });
}
