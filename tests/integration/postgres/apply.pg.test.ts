import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { applyPlan, planScript, readCatalog, readPartitionKeys, withConnection } from '@millrace/postgres';
import { Client } from 'pg';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';
import { type RunningLoad, startLoad } from './busy-table.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture();
});
after(() => fixture[Symbol.asyncDispose]());

const rows = 20_000;
const mostMs = 2_000;
/** Longer than anybody may be kept waiting. */
const reportMs = 2_600;

const schema = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE parent (id bigint PRIMARY KEY);
  INSERT INTO parent SELECT i FROM generate_series(1, 100) i;
  CREATE TABLE t (
    id bigint PRIMARY KEY, a integer, b varchar(20) NOT NULL DEFAULT 'b', c integer, parent_id bigint, touched integer,
    CONSTRAINT a_positive CHECK (a > 0)
  );
  INSERT INTO t SELECT i, i, 'b' || i, i % 7, 1 + i % 100, 0 FROM generate_series(1, ${rows}) i;
  CREATE INDEX t_b ON t (b);
  CREATE INDEX t_c ON t (c);
  CREATE TABLE m (id bigint NOT NULL, at date NOT NULL, touched integer) PARTITION BY RANGE (at);
  CREATE TABLE m_old PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE m_now PARTITION OF m FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE m_next (id bigint NOT NULL, at date NOT NULL, touched integer);
  INSERT INTO m SELECT i, '2024-02-01', 0 FROM generate_series(1, 1000) i;
  INSERT INTO m SELECT i, '2025-02-01', 0 FROM generate_series(1, ${rows}) i;
  INSERT INTO m_next SELECT i, '2026-02-01', 0 FROM generate_series(1, 1000) i;
  ANALYZE;
`;

interface Change {
  readonly script: string;
  /** A query that answers true when the change is there. */
  readonly shown: string;
  /** The table in use: `m` for changes of partitions. */
  readonly on?: 'm';
  /** Whether it keeps others waiting when it is done as it is written. */
  readonly isHarmless?: true;
}

const column = (name: string, type: string) =>
  `SELECT count(*) = 1 AS shown FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = '${name}'
   AND format_type(atttypid, atttypmod) = '${type}'`;
const noColumn = (name: string) =>
  `SELECT count(*) = 0 AS shown FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = '${name}'`;
const constraint = (name: string) =>
  `SELECT count(*) = 1 AS shown FROM pg_constraint WHERE conname = '${name}' AND convalidated`;
const index = (name: string) =>
  `SELECT count(*) = 1 AS shown FROM pg_index WHERE indexrelid = to_regclass('${name}') AND indisvalid`;

const changes: Readonly<Record<string, Change>> = {
  'a column': { script: 'ALTER TABLE t ADD COLUMN x integer DEFAULT 7', shown: column('x', 'integer') },
  'a column with a volatile default': {
    script: 'ALTER TABLE t ADD COLUMN x uuid NOT NULL DEFAULT gen_random_uuid()',
    shown: `SELECT count(*) = count(DISTINCT x) AS shown FROM t`,
  },
  'a numbered column': {
    script: 'ALTER TABLE t ADD COLUMN x bigserial',
    shown: `SELECT count(*) = count(DISTINCT x) AS shown FROM t`,
  },
  'a stored generated column': {
    script: 'ALTER TABLE t ADD COLUMN x integer GENERATED ALWAYS AS (a * 2) STORED',
    shown: 'SELECT count(*) = 0 AS shown FROM t WHERE x IS DISTINCT FROM a * 2',
  },
  'a column that refers to another table': {
    script: 'ALTER TABLE t ADD COLUMN x bigint REFERENCES parent (id)',
    shown: constraint('t_x_fkey'),
  },
  'a column dropped, with its index': { script: 'ALTER TABLE t DROP COLUMN c', shown: noColumn('c') },
  'a column renamed': { script: 'ALTER TABLE t RENAME COLUMN b TO x', shown: column('x', 'character varying(20)') },
  'a type changed': { script: 'ALTER TABLE t ALTER COLUMN a TYPE bigint', shown: column('a', 'bigint') },
  'a type changed without rewriting': {
    script: 'ALTER TABLE t ALTER COLUMN b TYPE text',
    shown: column('b', 'text'),
  },
  'NOT NULL': {
    script: 'ALTER TABLE t ALTER COLUMN a SET NOT NULL',
    shown: `SELECT attnotnull AS shown FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a'`,
  },
  'a check': { script: 'ALTER TABLE t ADD CONSTRAINT x CHECK (c >= 0)', shown: constraint('x') },
  'a foreign key': {
    script: 'ALTER TABLE t ADD CONSTRAINT x FOREIGN KEY (parent_id) REFERENCES parent (id)',
    shown: constraint('x'),
  },
  'a unique constraint': { script: 'ALTER TABLE t ADD CONSTRAINT x UNIQUE (a)', shown: constraint('x') },
  'a constraint dropped': {
    script: 'ALTER TABLE t DROP CONSTRAINT a_positive',
    shown: `SELECT count(*) = 0 AS shown FROM pg_constraint WHERE conname = 'a_positive'`,
  },
  'an index': { script: 'CREATE INDEX x ON t (a, c)', shown: index('x') },
  'an index dropped': { script: 'DROP INDEX t_b', shown: `SELECT to_regclass('t_b') IS NULL AS shown` },
  'an index rebuilt': { script: 'REINDEX INDEX t_b', shown: index('t_b') },
  'a table renamed': { script: 'ALTER TABLE t RENAME TO x', shown: `SELECT to_regclass('t') IS NULL AS shown` },
  'a table dropped': { script: 'DROP TABLE t', shown: `SELECT to_regclass('t') IS NULL AS shown` },
  'a value of an enum': {
    script: `ALTER TYPE mood ADD VALUE 'glad'`,
    shown: `SELECT count(*) = 1 AS shown FROM pg_enum WHERE enumlabel = 'glad'`,
    isHarmless: true,
  },
  'all rows changed': {
    script: 'UPDATE t SET c = c + 1000 WHERE c < 1000',
    shown: 'SELECT bool_and(c >= 1000) AS shown FROM t',
    isHarmless: true,
  },
  'a partition attached': {
    script: `ALTER TABLE m ATTACH PARTITION m_next FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
    shown: `SELECT count(*) = 3 AS shown FROM pg_inherits WHERE inhparent = 'm'::regclass`,
    on: 'm',
    isHarmless: true,
  },
  'a partition detached': {
    script: 'ALTER TABLE m DETACH PARTITION m_old',
    shown: `SELECT count(*) = 1 AS shown FROM pg_inherits WHERE inhparent = 'm'::regclass`,
    on: 'm',
  },
  'an index of a partitioned table': { script: 'CREATE INDEX x ON m (id)', shown: index('x'), on: 'm' },
};

/** Each in a database of its own; most of the time is the report's. */
const together = { concurrency: 5 };

describe('as planned', together, () => {
  for (const [what, change] of Object.entries(changes)) {
    test(`${what}: nobody waits longer than 2 s, and nobody is refused`, { timeout: 120_000 }, async () => {
      const url = await busyDatabase();
      const catalog = await withConnection(url, readCatalog);
      const partitionKeys = await withConnection(url, readPartitionKeys);
      const plan = await planScript(change.script, { catalog, partitionKeys });
      const load = await loadOf(url, change);
      await load.untilReport();
      let applied = await applyPlan(plan, { url, limits: { giveUpMs: 60_000 } });
      let ended = applied.state === 'done' ? await load.stop() : undefined;
      // Who waits at a gate has moved on when it is passed.
      while (applied.state === 'waiting') {
        ended ??= await load.stop();
        applied = await applyPlan(plan, { url, isDeployed: true });
      }
      assert.ok(ended !== undefined && ended.reads > 0 && ended.writes > 0);
      assert.deepEqual(ended.errors, []);
      assert.equal(await answer(url, change.shown), true);
      assert.ok(ended.longestWaitMs <= mostMs, `somebody waited ${Math.round(ended.longestWaitMs)} ms`);
      process.stdout.write(
        `# ${what}: ${plan.steps.length} steps, longest wait ${Math.round(ended.longestWaitMs)} ms\n`,
      );
    });
  }
});

describe('as written', together, () => {
  for (const [what, change] of Object.entries(changes)) {
    if (change.isHarmless) continue;
    test(`${what}, as it is written: somebody waits longer than 2 s`, { timeout: 60_000 }, async () => {
      const url = await busyDatabase();
      const load = await loadOf(url, change);
      await load.untilReport();
      await withConnection(url, (client) => client.query(change.script));
      const { longestWaitMs } = await load.stop();
      assert.ok(longestWaitMs > mostMs, `the longest wait was ${Math.round(longestWaitMs)} ms: the load does not bite`);
    });
  }
});

async function busyDatabase(): Promise<string> {
  const url = await fixture.emptyDatabase();
  await withConnection(url, (client) => client.query(schema));
  return url;
}

async function loadOf(url: string, { on: table }: Change): Promise<RunningLoad> {
  const on = table ?? 't';
  return await startLoad({
    ...{ url, rows, reportMs, pauseMs: 800 },
    reading: `SELECT count(*) FROM ${on} WHERE id < 100`,
    writing: `UPDATE ${on} SET touched = touched + 1 WHERE id = $1`,
    report: [`SELECT count(*) FROM ${on}`, 'SELECT count(*) FROM parent', `UPDATE ${on} SET touched = 1 WHERE id = 1`],
  });
}

async function answer(url: string, query: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: found } = await client.query<{ shown: unknown }>(query);
    return found[0]?.shown;
  } finally {
    await client.end();
  }
}
