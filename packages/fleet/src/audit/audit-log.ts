/** The audit log as it is read: in pages, newest first, and whole. Nothing here changes it. */
import type { AuditEntry } from '@millrace/api/fleet';
import type { Kysely, Selectable } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { cursorOf, readCursor } from '../lists/cursor.ts';
import type { AuditEntryTable } from './tables.ts';

export interface AuditFilter {
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
  readonly principal?: string | undefined;
  /** With a * at the end, all that begin so. */
  readonly action?: string | undefined;
  readonly operation?: string | undefined;
  /** ISO 8601. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** A page of it, newest first. */
export async function listAudit(
  db: Kysely<Schema>,
  filter: AuditFilter,
): Promise<{ items: AuditEntry[]; next: string | null }> {
  const { action, from, until, limit = 100, cursor } = filter;
  let query = db.selectFrom('audit_entry').selectAll();
  for (const field of ['kind', 'id', 'principal', 'operation'] as const) {
    const value = filter[field];
    if (value !== undefined) query = query.where(field, '=', value);
  }
  if (action?.endsWith('*'))
    query = query.where((each) => each.fn('starts_with', ['action', each.val(action.slice(0, -1))]));
  else if (action !== undefined) query = query.where('action', '=', action);
  if (from !== undefined) query = query.where('at', '>=', new Date(from));
  if (until !== undefined) query = query.where('at', '<', new Date(until));
  if (cursor !== undefined) query = query.where('seq', '<', readCursor(cursor, ['number'])[0]);
  const rows = await query
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute();
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items: items.map(entryView), next: rows.length > limit && last !== undefined ? cursorOf([last.seq]) : null };
}

const chunkRows = 1_000;

/** All entries after one, ascending, in chunks. */
export async function* auditChunks(db: Kysely<Schema>, after: number): AsyncGenerator<Selectable<AuditEntryTable>[]> {
  for (let last = after; ; ) {
    const chunk = await db
      .selectFrom('audit_entry')
      .selectAll()
      .where('seq', '>', last)
      .orderBy('seq')
      .limit(chunkRows)
      .execute();
    if (chunk.length > 0) yield chunk;
    if (chunk.length < chunkRows) return;
    last = chunk.at(-1)?.seq ?? last;
  }
}

function entryView({ at, previous, ...entry }: Selectable<AuditEntryTable>): AuditEntry {
  return { ...entry, at: at.toISOString() };
}
