/** Whether others need the database more at the moment than a backfill does. */
import type { Client } from 'pg';
import type { ApplyLimits } from './limits.ts';

/** Undefined when nothing speaks against going on. */
export async function reasonToRest(client: Client, limits: ApplyLimits): Promise<string | undefined> {
  const { rows } = await client.query<{ replay: number | null; slot: number | null; waiting: number }>(
    `SELECT (SELECT max(extract(epoch FROM replay_lag) * 1000)::float8 FROM pg_stat_replication
             WHERE state = 'streaming') AS replay,
       (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(confirmed_flush_lsn, restart_lsn)))::float8
        FROM pg_replication_slots WHERE active) AS slot,
       (SELECT count(*)::int FROM pg_locks l WHERE NOT granted AND pid <> pg_backend_pid()
          AND waitstart < clock_timestamp() - interval '200 ms') AS waiting`,
  );
  const [{ replay, slot, waiting } = { replay: null, slot: null, waiting: 0 }] = rows;
  if ((replay ?? 0) > limits.replayLagMs) return `a replica is ${Math.round(replay ?? 0)} ms behind`;
  if ((slot ?? 0) > limits.slotLagBytes) return `a reader of changes is ${Math.round((slot ?? 0) / 1e6)} MB behind`;
  if (waiting > 0) return `${waiting} sessions wait for locks`;
  return undefined;
}
