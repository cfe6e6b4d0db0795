/** The table that is captured, its rows and the writes to it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

const columns = `id bigint PRIMARY KEY, customer integer NOT NULL, state text NOT NULL, amount numeric(12,2) NOT NULL,
  placed timestamptz NOT NULL, note text`;

export async function withSource<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Makes the table anew with so many rows, of some 110 bytes each. */
export async function makeTable(url: string, rows: number): Promise<void> {
  await withSource(url, async (client) => {
    await client.query(`DROP TABLE IF EXISTS t; CREATE TABLE t (${columns})`);
    await insertRows(client, 1, rows);
    await client.query('ANALYZE t');
  });
}

/** Rows from one number on, in transactions of 1,000. */
export async function insertRows(client: Client, from: number, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1_000) {
    const [first, last] = [from + at, from + Math.min(count, at + 1_000) - 1];
    await client.query(`INSERT INTO t SELECT i, i % 9973, 'placed', (i % 100000) / 100.0, now(),
      'order number ' || i || ' of the customer, as it came' FROM generate_series(${first}, ${last}) i`);
  }
}

/** Removes a slot that may still be in use for an instant. */
export async function dropSlot(url: string, slot: string): Promise<void> {
  await withSource(url, async (client) => {
    const busy = 'SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active';
    while ((await client.query(busy, [slot])).rowCount !== 0) await sleep(50);
    await client.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [
      slot,
    ]);
  });
}
