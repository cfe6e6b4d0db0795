/** Who holds a table at the moment, in a way that a lock would have to wait for. */
import type { Client } from 'pg';
import { nameText } from '../../sql/names.ts';
import type { LockTaken } from '../effect.ts';
import { isConflicting, lockModes } from '../lock-modes.ts';

export interface Holder {
  /** Null of a prepared transaction. */
  readonly pid: number | null;
  readonly ageMs: number;
  readonly query: string;
}

/** The oldest transaction, older than `ageMs`, that holds what conflicts with one of the locks. */
export async function oldestHolder(
  client: Client,
  locks: readonly LockTaken[],
  ageMs: number,
): Promise<Holder | undefined> {
  let oldest: Holder | undefined;
  for (const { on, mode } of locks) {
    const modes = lockModes.filter((held) => isConflicting(held, mode)).map(serverName);
    const { rows } = await client.query<Holder>(
      `SELECT l.pid,
         coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000, 0)::float8
           AS "ageMs",
         coalesce(left(a.query, 100), 'a prepared transaction') AS query
       FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
         LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND p.transaction = l.transactionid
       WHERE l.locktype = 'relation' AND l.granted AND l.relation = to_regclass($1) AND l.mode = ANY ($2)
         AND l.pid IS DISTINCT FROM pg_backend_pid() ORDER BY 2 DESC LIMIT 1`,
      [nameText(on), modes],
    );
    const [holder] = rows;
    if (holder !== undefined && holder.ageMs >= ageMs && holder.ageMs > (oldest?.ageMs ?? -1)) oldest = holder;
  }
  return oldest;
}

/** `ACCESS SHARE` is `AccessShareLock` in the server's views. */
function serverName(mode: string): string {
  return `${mode
    .split(' ')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('')}Lock`;
}
