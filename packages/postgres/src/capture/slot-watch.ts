/**
 * How much of its log the source keeps for a capture, looked at while it runs. While it does not run nobody looks: what
 * bounds it then is the server's `max_slot_wal_keep_size`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { SourceError } from '../replication/slot.ts';

export interface SlotLimits {
  /** Bytes of log that may be kept for the capture; none when undefined. */
  readonly bytesMax?: number | undefined;
  /** What happens beyond: the capture ends, and the slot stays; or the slot is dropped, so that the disk is free. */
  readonly beyond?: 'stop' | 'drop' | undefined;
}

/** More log is kept for the capture than is allowed. */
export class SlotBoundError extends SourceError {}

export interface SlotState {
  /** Of log that the server keeps for the slot. */
  readonly keptBytes: number;
  /** Of log that the capture has not confirmed. */
  readonly behindBytes: number;
  /** `reserved`, `extended`, `unreserved`, `lost`. */
  readonly walStatus: string;
  /** Until the server gives the slot up; null when it never does. */
  readonly safeBytes: number | null;
}

export async function readSlot(client: Client, slot: string): Promise<SlotState | undefined> {
  const { rows } = await client.query<SlotState>(
    `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 AS "keptBytes",
       pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::float8 AS "behindBytes",
       coalesce(wal_status, 'unknown') AS "walStatus", safe_wal_size::float8 AS "safeBytes"
     FROM pg_replication_slots WHERE slot_name = $1`,
    [slot],
  );
  return rows[0];
}

/** Watches until the signal is aborted. Throws `SourceError` when the slot is lost, or is beyond its bound. */
export async function watchSlot(
  client: Client,
  slot: string,
  options: { readonly limits: SlotLimits; readonly everyMs: number; readonly report: (state: SlotState) => void },
  signal: AbortSignal,
): Promise<void> {
  const { bytesMax = Number.POSITIVE_INFINITY, beyond = 'stop' } = options.limits;
  while (!signal.aborted) {
    const state = await readSlot(client, slot);
    if (state !== undefined) options.report(state);
    if (state?.walStatus === 'lost') {
      throw new SourceError(`the server gave up slot ${slot}: more log was kept for it than max_slot_wal_keep_size`);
    }
    if (state !== undefined && state.keptBytes > bytesMax) {
      throw new SlotBoundError(
        `the server keeps ${state.keptBytes} bytes of its log for slot ${slot}, and ${bytesMax} are allowed; ` +
          (beyond === 'drop'
            ? 'the slot is dropped, and capturing under another name begins anew'
            : 'capture with a higher bound, or drop the slot before the disk is full'),
      );
    }
    await sleep(options.everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Drops a slot that may still be in use for an instant. */
export async function dropSlot(client: Client, slot: string): Promise<void> {
  const end = 'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active';
  for (let tries = 0; tries < 50; tries++) {
    const { rowCount } = await client.query(end, [slot]);
    if (rowCount === 0) break;
    await sleep(100);
  }
  await client.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [
    slot,
  ]);
}
