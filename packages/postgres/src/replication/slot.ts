/** Publications and slots: what a capture leaves at its source, made and removed by it. */
import { MillraceError } from '@millrace/base';
import type { Client } from 'pg';
import { nameText, type ObjectName, quoted } from '../sql/names.ts';
import { type Lsn, parseLsn } from './lsn.ts';

/** A source can't be captured as it is. */
export class SourceError extends MillraceError {
  readonly code = 'source_not_ready';
}

/** Throws `SourceError` where the server writes too little into its log. */
export async function checkSource(client: Client): Promise<void> {
  const { rows } = await client.query<{ level: string }>(`SELECT current_setting('wal_level') AS level`);
  if (rows[0]?.level !== 'logical') {
    throw new SourceError(
      `wal_level is ${rows[0]?.level}, and changes can't be captured; set it to logical and restart the server`,
    );
  }
}

/** Makes the publication where it is not there, and sees to it that it has these tables and no others. */
export async function ensurePublication(client: Client, name: string, tables: readonly ObjectName[]): Promise<void> {
  const { rows } = await client.query('SELECT FROM pg_publication WHERE pubname = $1', [name]);
  const list = tables.map(nameText).join(', ');
  if (rows.length === 0) {
    // Changes of partitions come as those of the table that they belong to.
    const of = list === '' ? '' : ` FOR TABLE ${list}`;
    await client.query(`CREATE PUBLICATION ${quoted(name)}${of} WITH (publish_via_partition_root = true)`);
  } else if (list !== '') {
    await client.query(`ALTER PUBLICATION ${quoted(name)} SET TABLE ${list}`);
  }
}

/** Makes the slot where it is not there; answers up to where it is confirmed. */
export async function ensureSlot(client: Client, name: string): Promise<Lsn> {
  const find = async (): Promise<string | undefined> => {
    const { rows } = await client.query<{ lsn: string }>(
      'SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = $1',
      [name],
    );
    return rows[0]?.lsn;
  };
  const found = await find();
  if (found !== undefined) return parseLsn(found);
  // From version 17 on a slot can go over to a standby.
  const { rows } = await client.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS version`,
  );
  const failover = (rows[0]?.version ?? 0) >= 17 ? ', false, false, true' : '';
  await client.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput'${failover})`, [name]);
  return parseLsn((await find()) ?? '0/0');
}

/** Removes both, where they are there. The slot must not be in use. */
export async function removeSlot(
  client: Client,
  { slot, publication }: { readonly slot: string; readonly publication: string },
) {
  await client.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [
    slot,
  ]);
  await client.query(`DROP PUBLICATION IF EXISTS ${quoted(publication)}`);
}
