/**
 * Forgets what nobody needs any more; one process of the fleet at a time. The audit log keeps what it says of all that
 * goes here.
 */
import { type Platform, sleep } from '@millrace/base';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { type Lease, whileLeading } from '../database/lease.ts';
import type { Schema } from '../database/schema.ts';

/** For how long what has ended is kept, in days. */
export interface Retention {
  /** Operations that have ended, with their steps, events and plans, and tokens that are over. Default 90. */
  readonly operationDays?: number | undefined;
  /** Plans that nobody applied. Default 1. */
  readonly planDays?: number | undefined;
}

export interface HousekeepingOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly holder: string;
  readonly report: (message: string) => void;
  readonly retention?: Retention | undefined;
}

const intervalMs = 3_600_000;
const operationDaysDefault = 90;
const planDaysDefault = 1;
const eventDays = 7;
const askedDays = 90;
/** In one transaction, so that nobody waits for its locks. */
const operationsMax = 200;

/** Keeps house from now until it is closed. */
export function housekeeping(options: HousekeepingOptions): { close(): Promise<void> } {
  const { db, platform, holder, report, retention = {} } = options;
  const { operationDays = operationDaysDefault, planDays = planDaysDefault } = retention;
  const stop = new AbortController();
  const work = async (lease: Lease): Promise<void> => {
    while (!lease.signal.aborted) {
      await forgetEvents(db);
      await forgetPlans(db, daysAgo(planDays));
      while (!lease.signal.aborted && (await forgetOperations(db, daysAgo(operationDays))) === operationsMax);
      await forgetAccess(db, daysAgo(operationDays));
      await forgetAsked(db);
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

/** Events that everybody has seen. The newest stays: its number says how far the feed is. */
async function forgetEvents(db: Kysely<Schema>): Promise<void> {
  await db
    .deleteFrom('change_event')
    .where('at', '<', daysAgo(eventDays))
    .where('seq', '<', ({ selectFrom }) => selectFrom('change_event').select((each) => each.fn.max('seq').as('seq')))
    .execute();
}

async function forgetPlans(db: Kysely<Schema>, before: RawBuilder<Date>): Promise<void> {
  await db
    .deleteFrom('plan')
    .where('created_at', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('operation').whereRef('plan', '=', 'plan.id').select('id'))),
    )
    .execute();
}

/** Those that ended before, but for what a request still waits for; answers how many. */
async function forgetOperations(db: Kysely<Schema>, before: RawBuilder<Date>): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    const ended = await transaction
      .selectFrom('operation')
      .select(['id', 'plan'])
      .where('state', 'in', ['done', 'failed', 'cancelled'])
      .where('ended_at', '<', before)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('onboarding_request')
              .whereRef('onboarding_request.operation', '=', 'operation.id')
              .where('onboarding_request.state', '=', 'provisioning')
              .select('onboarding_request.id'),
          ),
        ),
      )
      .orderBy('ended_at')
      .limit(operationsMax)
      // Somebody may resume one of them just now.
      .forUpdate()
      .skipLocked()
      .execute();
    if (ended.length === 0) return 0;
    const ids = ended.map(({ id }) => id);
    await transaction.deleteFrom('operation_step').where('operation', 'in', ids).execute();
    await transaction.deleteFrom('operation_event').where('operation', 'in', ids).execute();
    await transaction.deleteFrom('operation').where('id', 'in', ids).execute();
    const plans = ended.map(({ plan }) => plan);
    await transaction.deleteFrom('plan').where('id', 'in', plans).execute();
    const leases = ids.map((id) => `operation ${id}`);
    await transaction.deleteFrom('lease').where('name', 'in', leases).execute();
    return ended.length;
  });
}

/** Sessions and logins that are over, and tokens that have been for long and of which none is left that they made. */
async function forgetAccess(db: Kysely<Schema>, before: RawBuilder<Date>): Promise<void> {
  for (const table of ['access_session', 'access_login'] as const) {
    await db.deleteFrom(table).where('expires_at', '<', daysAgo(1)).execute();
  }
  await db
    .deleteFrom('access_token')
    .where(({ or, eb }) => or([eb('expires_at', '<', before), eb('revoked_at', '<', before)]))
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('access_token as made').whereRef('made.parent', '=', 'access_token.id').select('made.id'))),
    )
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('access_session').whereRef('token', '=', 'access_token.id').select('digest'))),
    )
    .execute();
}

/** What applications asked of the config service long ago, but where that says where they stay. */
async function forgetAsked(db: Kysely<Schema>): Promise<void> {
  await db
    .deleteFrom('config_asked')
    .where('asked_at', '<', daysAgo(askedDays))
    .where('stays_on', 'is', null)
    .execute();
}

function daysAgo(days: number): RawBuilder<Date> {
  return sql<Date>`now() - ${days} * interval '1 day'`;
}
