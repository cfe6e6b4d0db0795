/** Forgets what nobody needs any more; one process of the fleet at a time. The audit log and operations stay. */
import { type Platform, sleep } from '@millrace/base';
import { type Kysely, sql } from 'kysely';
import { type Lease, whileLeading } from '../database/lease.ts';
import type { Schema } from '../database/schema.ts';

export interface HousekeepingOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly holder: string;
  readonly report: (message: string) => void;
}

const intervalMs = 3_600_000;
const weekAgo = sql<Date>`now() - interval '7 days'`;

/** Keeps house from now until it is closed. */
export function housekeeping({ db, platform, holder, report }: HousekeepingOptions): { close(): Promise<void> } {
  const stop = new AbortController();
  const work = async (lease: Lease): Promise<void> => {
    while (!lease.signal.aborted) {
      await forget(db);
      await sleep(platform.timers, intervalMs, lease.signal).catch(() => undefined);
    }
  };
  const keeping = whileLeading({ db, platform, name: 'housekeeping', holder, report }, work, stop.signal);
  return {
    close: async () => {
      stop.abort();
      await keeping;
    },
  };
}

/** Plans that were not applied, events that everybody has seen, and leases of operations that are done, for a week. */
async function forget(db: Kysely<Schema>): Promise<void> {
  await db
    .deleteFrom('plan')
    .where('created_at', '<', weekAgo)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('operation').whereRef('plan', '=', 'plan.id').select('id'))),
    )
    .execute();
  // The newest stays: its number says how far the feed is.
  await db
    .deleteFrom('change_event')
    .where('at', '<', weekAgo)
    .where('seq', '<', ({ selectFrom }) => selectFrom('change_event').select((each) => each.fn.max('seq').as('seq')))
    .execute();
  await db
    .deleteFrom('lease')
    .where('name', 'in', ({ selectFrom }) =>
      selectFrom('operation')
        .select(sql<string>`'operation ' || id`.as('name'))
        .where('state', '=', 'done')
        .where('ended_at', '<', weekAgo),
    )
    .execute();
}
