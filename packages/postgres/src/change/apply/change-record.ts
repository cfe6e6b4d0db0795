/**
 * What became of changes, in the database that they are made to: a step that is a transaction is noted in it, so that
 * it is done exactly once whatever ends the process.
 */
import type { Client } from 'pg';
import type { ChangePlan } from '../plan/plan.ts';

export type StepState = 'started' | 'reached' | 'done';

export interface StepRecord {
  readonly state: StepState;
  /** How far a backfill is: the last key that is done, and how many rows were changed. */
  readonly progress: BackfillProgress | null;
}

export interface BackfillProgress {
  readonly after: readonly string[] | null;
  readonly rows: number;
}

const schema = `
  CREATE SCHEMA IF NOT EXISTS millrace_schema;
  CREATE TABLE IF NOT EXISTS millrace_schema.change (
    id text PRIMARY KEY, plan jsonb NOT NULL, started_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz
  );
  CREATE TABLE IF NOT EXISTS millrace_schema.step (
    change text REFERENCES millrace_schema.change (id), position integer, state text NOT NULL, progress jsonb,
    started_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz, PRIMARY KEY (change, position)
  )`;

/** An arbitrary number that is this program's among advisory locks. */
const lockKey = 6_481_203;

/** One change at a time is applied to a database; false when another process is at it. The session keeps the lock. */
export async function takeTurn(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [lockKey]);
  return rows[0]?.taken === true;
}

/** The plan that this change was begun with, or the given one, from now on. */
export async function beginChange(client: Client, plan: ChangePlan): Promise<ChangePlan> {
  const { rows: found } = await client.query(`SELECT FROM pg_namespace WHERE nspname = 'millrace_schema'`);
  if (found.length === 0) await client.query(schema);
  await client.query('INSERT INTO millrace_schema.change (id, plan) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    plan.id,
    JSON.stringify(plan),
  ]);
  return (await changeOf(client, plan.id)) ?? plan;
}

/** The plan of a change that was begun; undefined when it never was. */
export async function changeOf(client: Client, id: string): Promise<ChangePlan | undefined> {
  const { rows: tables } = await client.query(`SELECT to_regclass('millrace_schema.change') AS name`);
  if (tables[0]?.name === null) return undefined;
  const { rows } = await client.query<{ plan: ChangePlan }>('SELECT plan FROM millrace_schema.change WHERE id = $1', [
    id,
  ]);
  return rows[0]?.plan;
}

export async function endChange(client: Client, id: string): Promise<void> {
  await client.query('UPDATE millrace_schema.change SET ended_at = coalesce(ended_at, now()) WHERE id = $1', [id]);
}

export async function stepRecord(client: Client, change: string, position: number): Promise<StepRecord | undefined> {
  const { rows } = await client.query<StepRecord>(
    'SELECT state, progress FROM millrace_schema.step WHERE change = $1 AND position = $2',
    [change, position],
  );
  return rows[0];
}

/** Within the caller's transaction, if there is one. */
export async function noteStep(
  client: Client,
  step: { readonly change: string; readonly position: number },
  state: StepState,
  progress: BackfillProgress | null = null,
): Promise<void> {
  await client.query(
    `INSERT INTO millrace_schema.step (change, position, state, progress, ended_at)
     VALUES ($1, $2, $3, $4, CASE WHEN $3 = 'done' THEN now() END)
     ON CONFLICT (change, position) DO UPDATE SET state = EXCLUDED.state, ended_at = EXCLUDED.ended_at,
       progress = coalesce(EXCLUDED.progress, millrace_schema.step.progress)`,
    [step.change, step.position, state, progress === null ? null : JSON.stringify(progress)],
  );
}
