/** Whether others need the database more at the moment than a backfill does. */
import type { Client } from 'pg';
import type { ApplyLimits } from './limits.ts';

interface Seen {
  /** Of the replica that is furthest behind: ms, and bytes of log. */
  readonly replayMs: number | null;
  readonly replayBytes: number | null;
  /** Of the slot that holds most. */
  readonly slot: { readonly name: string; readonly bytes: number; readonly isRead: boolean } | null;
  readonly waiting: number;
}

/** Undefined when nothing speaks against going on. */
export async function reasonToRest(client: Client, limits: ApplyLimits): Promise<string | undefined> {
  const { rows } = await client.query<Seen>(
    `SELECT (SELECT max(extract(epoch FROM replay_lag) * 1000)::float8 FROM pg_stat_replication
             WHERE state = 'streaming') AS "replayMs",
       (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))::float8 FROM pg_stat_replication
        WHERE state IN ('streaming', 'catchup')) AS "replayBytes",
       (SELECT json_build_object('name', slot_name, 'isRead', active, 'bytes',
          pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(confirmed_flush_lsn, restart_lsn))::float8)
        FROM pg_replication_slots WHERE wal_status <> 'lost'
        ORDER BY coalesce(confirmed_flush_lsn, restart_lsn) LIMIT 1) AS slot,
       (SELECT count(*)::int FROM pg_locks l WHERE NOT granted AND pid <> pg_backend_pid()
          AND waitstart < clock_timestamp() - interval '200 ms') AS waiting`,
  );
  const { replayMs, replayBytes, slot, waiting } = rows[0] ?? noLoad;
  if ((replayMs ?? 0) > limits.replayLagMs) return `a replica is ${Math.round(replayMs ?? 0)} ms behind`;
  if ((replayBytes ?? 0) > limits.replayLagBytes) return `a replica is ${megabytes(replayBytes ?? 0)} behind`;
  if (slot !== null && slot.bytes > limits.slotLagBytes) {
    return slot.isRead
      ? `the reader of slot ${slot.name} is ${megabytes(slot.bytes)} behind`
      : `nobody reads slot ${slot.name}, which holds ${megabytes(slot.bytes)} of the log: start its reader, or drop it`;
  }
  if (waiting > 0) return waiting === 1 ? 'a session waits for a lock' : `${waiting} sessions wait for locks`;
  return undefined;
}

const noLoad: Seen = { replayMs: null, replayBytes: null, slot: null, waiting: 0 };

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
