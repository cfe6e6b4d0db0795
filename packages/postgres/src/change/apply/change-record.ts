/**
 * What became of changes, in the database that they are made to: a step that is a transaction is noted in it, so that
 * it is done exactly once whatever ends the process.
 */
import type { Client } from 'pg';
import { nameText, quoted } from '../../sql/names.ts';
import type { ChangePlan } from '../plan/plan.ts';

export type StepState = 'started' | 'reached' | 'done';

export interface StepRecord {
  readonly state: StepState;
  /** How far a backfill is: the last key that is done, and how many rows were changed. */
  readonly progress: BackfillProgress | null;
}

export interface BackfillProgress {
  readonly after: readonly string[] | null;
  /** The last key when it began: what comes behind it is new, and written as it shall be. */
  readonly until?: readonly string[] | undefined;
  readonly rows: number;
}

/** The names of the tables `change` and `step`, with a schema that is made when it is not there. */
export interface RecordTables {
  readonly schema: string;
  readonly change: string;
  readonly step: string;
}

export const ownTables: RecordTables = { schema: 'millrace_schema', change: 'change', step: 'step' };

/** An arbitrary number that is this program's among advisory locks. */
const lockKey = 6_481_203;

/** One change at a time is applied to a database; false when another process is at it. The session keeps the lock. */
export async function takeTurn(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [lockKey]);
  return rows[0]?.taken === true;
}

export class ChangeRecord {
  readonly client: Client;
  readonly #schema: string;
  readonly #change: string;
  readonly #step: string;

  constructor(client: Client, { schema, change, step }: RecordTables = ownTables) {
    this.client = client;
    this.#schema = quoted(schema);
    this.#change = nameText({ schema, name: change });
    this.#step = nameText({ schema, name: step });
  }

  /** The plan that this change was begun with, or the given one, from now on. */
  async begin(plan: ChangePlan): Promise<ChangePlan> {
    if (!(await this.#isThere())) await this.#create();
    await this.client.query(`INSERT INTO ${this.#change} (id, plan) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
      plan.id,
      JSON.stringify(plan),
    ]);
    return (await this.plan(plan.id)) ?? plan;
  }

  /** The plan of a change that was begun; undefined when it never was. */
  async plan(id: string): Promise<ChangePlan | undefined> {
    if (!(await this.#isThere())) return undefined;
    const { rows } = await this.client.query<{ plan: ChangePlan }>(`SELECT plan FROM ${this.#change} WHERE id = $1`, [
      id,
    ]);
    return rows[0]?.plan;
  }

  async end(id: string): Promise<void> {
    await this.client.query(`UPDATE ${this.#change} SET ended_at = coalesce(ended_at, now()) WHERE id = $1`, [id]);
  }

  async step(change: string, position: number): Promise<StepRecord | undefined> {
    const { rows } = await this.client.query<StepRecord>(
      `SELECT state, progress FROM ${this.#step} WHERE change = $1 AND position = $2`,
      [change, position],
    );
    return rows[0];
  }

  /** Within the transaction that is open, if there is one. */
  async note(
    step: { readonly change: string; readonly position: number },
    state: StepState,
    progress: BackfillProgress | null = null,
  ): Promise<void> {
    await this.client.query(
      `INSERT INTO ${this.#step} AS noted (change, position, state, progress, ended_at)
       VALUES ($1, $2, $3, $4, CASE WHEN $3 = 'done' THEN now() END)
       ON CONFLICT (change, position) DO UPDATE SET state = EXCLUDED.state, ended_at = EXCLUDED.ended_at,
         progress = coalesce(EXCLUDED.progress, noted.progress)`,
      [step.change, step.position, state, progress === null ? null : JSON.stringify(progress)],
    );
  }

  async #isThere(): Promise<boolean> {
    const { rows } = await this.client.query<{ isThere: boolean }>('SELECT to_regclass($1) IS NOT NULL AS "isThere"', [
      this.#step,
    ]);
    return rows[0]?.isThere === true;
  }

  async #create(): Promise<void> {
    await this.client.query(`
      CREATE SCHEMA IF NOT EXISTS ${this.#schema};
      CREATE TABLE IF NOT EXISTS ${this.#change} (
        id text PRIMARY KEY, plan jsonb NOT NULL, started_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz
      );
      CREATE TABLE IF NOT EXISTS ${this.#step} (
        change text REFERENCES ${this.#change} (id), position integer, state text NOT NULL, progress jsonb,
        started_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz, PRIMARY KEY (change, position)
      )`);
  }
}

/** The plan of a change that was begun by `schema apply`; undefined when it never was. */
export async function changeOf(client: Client, id: string): Promise<ChangePlan | undefined> {
  return await new ChangeRecord(client).plan(id);
}
