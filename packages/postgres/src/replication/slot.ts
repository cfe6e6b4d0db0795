/** Slots: what a capture leaves at its source, made and removed by it. */
import { MillraceError } from '@millrace/base';
import type { Client } from 'pg';
import { quoted } from '../sql/names.ts';
import { type Lsn, parseLsn } from './lsn.ts';

/** A source can't be captured as it is. */
export class SourceError extends MillraceError {
  readonly code = 'source_not_ready';
}

export interface SourceServer {
  readonly database: string;
  /** 14 and above. */
  readonly version: number;
  /** Whether the server gives a slot up that keeps too much of its log. */
  readonly boundsSlots: boolean;
}

/** Throws `SourceError` where the server is too old, or writes too little into its log. */
export async function checkSource(client: Client): Promise<SourceServer> {
  const { rows } = await client.query<SourceServer & { readonly level: string }>(
    `SELECT current_database() AS database, current_setting('server_version_num')::int / 10000 AS version,
       current_setting('wal_level') AS level, current_setting('max_slot_wal_keep_size') <> '-1' AS "boundsSlots"`,
  );
  const [found] = rows;
  if (found === undefined || found.version < 14) {
    throw new SourceError(`the server is of version ${found?.version}, and changes are captured from version 14 on`);
  }
  if (found.level !== 'logical') {
    throw new SourceError(
      `wal_level is ${found.level}, and changes can't be captured; set it to logical and restart the server`,
    );
  }
  return found;
}

/** Makes the slot where it is not there; answers up to where it is confirmed. */
export async function ensureSlot(client: Client, name: string, version: number): Promise<Lsn> {
  const find = async (): Promise<string | undefined> => {
    const { rows } = await client.query<{ lsn: string }>(
      'SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = $1',
      [name],
    );
    return rows[0]?.lsn;
  };
  const found = await find();
  if (found !== undefined) return parseLsn(found);
  // From then on a slot can go over to a standby.
  const failover = version >= 17 ? ', false, false, true' : '';
  try {
    await client.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput'${failover})`, [name]);
  } catch (error) {
    // configuration_limit_exceeded: all replication slots are in use.
    if ((error as { readonly code?: unknown }).code === '53400') throw await noSlotLeft(client);
    throw error;
  }
  return parseLsn((await find()) ?? '0/0');
}

async function noSlotLeft(client: Client): Promise<SourceError> {
  const { rows } = await client.query<{ readonly slots: string; readonly idle: string | null }>(
    `SELECT current_setting('max_replication_slots') AS slots,
       (SELECT string_agg(slot_name, ', ' ORDER BY slot_name) FROM pg_replication_slots WHERE NOT active) AS idle`,
  );
  const { slots, idle } = rows[0] ?? { slots: '', idle: null };
  return new SourceError(
    `all replication slots of the server are in use (max_replication_slots is ${slots}); ` +
      (idle === null
        ? 'none of them is inactive: '
        : `inactive are ${idle}: drop one that nobody needs with SELECT pg_drop_replication_slot('NAME'), or `) +
      'raise max_replication_slots and restart the server',
  );
}

/** Removes both, where they are there. The slot must not be in use. */
export async function removeSlot(
  client: Client,
  { slot, publication }: { readonly slot: string; readonly publication: string },
) {
  await client.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [
    slot,
  ]);
  for (const name of [publication, `${publication}_inserts`]) {
    await client.query(`DROP PUBLICATION IF EXISTS ${quoted(name)}`);
  }
}
