import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type LintedStatement, lintScript, readCatalog } from '@millrace/postgres';
import { Client } from 'pg';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';
import { measureInTransaction, measureWhileWaiting } from './measured-effect.ts';

let fixture: DatabaseFixture;
const sessions: Client[] = [];
before(async () => {
  fixture = await startDatabaseFixture();
  const url = await fixture.emptyDatabase();
  for (let i = 0; i < 3; i++) {
    const session = new Client({ connectionString: url });
    await session.connect();
    sessions.push(session);
  }
  await session().query(schema);
});
after(async () => {
  for (const each of sessions) await each.end();
  await fixture[Symbol.asyncDispose]();
});

function session(index = 0): Client {
  return sessions[index] as Client;
}

const schema = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
  CREATE DOMAIN plain AS integer;
  CREATE TABLE parent (id bigint PRIMARY KEY, name text);
  CREATE TABLE t (
    id bigint PRIMARY KEY, a integer, b varchar(20), n numeric(10, 2), w timestamptz(3), z timestamp, c char(3),
    net cidr, bits bit varying(8), f real, m mood, p positive, l text, arr integer[], nn integer NOT NULL,
    parent_id bigint, j integer GENERATED ALWAYS AS (nn + 1) STORED,
    CONSTRAINT a_known CHECK (a IS NOT NULL)
  );
  ALTER TABLE t ADD CONSTRAINT l_old CHECK (l <> '') NOT VALID;
  ALTER TABLE t ADD CONSTRAINT t_parent FOREIGN KEY (parent_id) REFERENCES parent (id) NOT VALID;
  CREATE TABLE child (id bigint PRIMARY KEY, parent_id bigint CONSTRAINT child_parent REFERENCES parent (id));
  CREATE INDEX t_b ON t (b);
  CREATE UNIQUE INDEX t_nn ON t (nn);
  CREATE TABLE m (at date NOT NULL, v integer) PARTITION BY RANGE (at);
  CREATE TABLE m_old PARTITION OF m FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE loose (at date NOT NULL, v integer);
  CREATE TABLE fitting (at date NOT NULL, v integer, CHECK (at >= '2026-01-01' AND at < '2027-01-01'));
  CREATE TABLE s (at date NOT NULL) PARTITION BY RANGE (at);
  CREATE TABLE s_rest PARTITION OF s DEFAULT;
  CREATE VIEW seen AS SELECT id, parent_id AS a FROM t;
  CREATE MATERIALIZED VIEW kept AS SELECT id, parent_id FROM t;
  CREATE UNIQUE INDEX kept_id ON kept (id);
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER touched BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE FUNCTION dice() RETURNS integer LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 4; END';
  CREATE FUNCTION seven() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 7';
  INSERT INTO parent SELECT i, 'x' FROM generate_series(1, 50) i;
  INSERT INTO t (id, a, b, n, w, z, c, net, bits, f, m, p, l, nn, parent_id)
    SELECT i, i, 'b', 1.5, now(), now(), 'abc', '10.0.0.0/8', B'101', 1, 'ok', 1, 'l', i, 1 + i % 50
    FROM generate_series(1, 500) i;
  INSERT INTO child SELECT i, 1 + i % 50 FROM generate_series(1, 100) i;
  INSERT INTO m SELECT '2025-02-01', i FROM generate_series(1, 100) i;
  INSERT INTO loose SELECT '2026-02-01', i FROM generate_series(1, 100) i;
  INSERT INTO fitting SELECT '2026-02-01', i FROM generate_series(1, 100) i;
  INSERT INTO s SELECT '2025-02-01' FROM generate_series(1, 100) i;
  REFRESH MATERIALIZED VIEW kept;
  ANALYZE;
`;

/** By the operation that each is of. */
const statements: Readonly<Record<string, readonly string[]>> = {
  'columns added': [
    'ALTER TABLE t ADD COLUMN x integer',
    'ALTER TABLE t ADD COLUMN x integer DEFAULT 7',
    "ALTER TABLE t ADD COLUMN x text NOT NULL DEFAULT 'none'",
    'ALTER TABLE t ADD COLUMN x timestamptz DEFAULT now()',
    'ALTER TABLE t ADD COLUMN x integer DEFAULT seven()',
    'ALTER TABLE t ADD COLUMN x integer DEFAULT dice()',
    'ALTER TABLE t ADD COLUMN x uuid DEFAULT gen_random_uuid()',
    'ALTER TABLE t ADD COLUMN x double precision DEFAULT random()',
    'ALTER TABLE t ADD COLUMN x serial',
    'ALTER TABLE t ADD COLUMN x bigint GENERATED ALWAYS AS IDENTITY',
    'ALTER TABLE t ADD COLUMN x integer GENERATED ALWAYS AS (nn * 2) STORED',
    'ALTER TABLE t ADD COLUMN x integer GENERATED ALWAYS AS (nn * 2) VIRTUAL',
    'ALTER TABLE t ADD COLUMN x json',
    'ALTER TABLE t ADD COLUMN x mood',
    'ALTER TABLE t ADD COLUMN x plain',
    'ALTER TABLE t ADD COLUMN x positive',
    'ALTER TABLE t ADD COLUMN x integer CHECK (x > 0)',
    'ALTER TABLE t ADD COLUMN x integer UNIQUE',
    'ALTER TABLE t ADD COLUMN x bigint REFERENCES parent (id)',
    'ALTER TABLE t ADD COLUMN x bigint DEFAULT 1 REFERENCES parent (id)',
    'ALTER TABLE m ADD COLUMN x integer',
  ],
  'columns changed': [
    'ALTER TABLE t DROP COLUMN b',
    'ALTER TABLE child DROP COLUMN parent_id',
    'ALTER TABLE t ALTER COLUMN a SET DEFAULT 3',
    'ALTER TABLE t ALTER COLUMN nn DROP NOT NULL',
    'ALTER TABLE t ALTER COLUMN a SET STATISTICS 500',
    'ALTER TABLE t ALTER COLUMN a SET (n_distinct = 5)',
    'ALTER TABLE t ALTER COLUMN l SET STORAGE EXTERNAL',
    'ALTER TABLE t ALTER COLUMN j DROP EXPRESSION',
    'ALTER TABLE t ALTER COLUMN j SET EXPRESSION AS (nn + 2)',
    'ALTER TABLE t ALTER COLUMN nn ADD GENERATED ALWAYS AS IDENTITY',
    'ALTER TABLE t ALTER COLUMN a SET NOT NULL',
    'ALTER TABLE t ALTER COLUMN l SET NOT NULL',
    'ALTER TABLE t ALTER COLUMN nn SET NOT NULL',
    'ALTER TABLE t RENAME COLUMN a TO x',
  ],
  'types changed': [
    'ALTER TABLE t ALTER COLUMN b TYPE varchar(40)',
    'ALTER TABLE t ALTER COLUMN b TYPE varchar',
    'ALTER TABLE t ALTER COLUMN b TYPE text',
    'ALTER TABLE t ALTER COLUMN b TYPE text USING b::text',
    "ALTER TABLE t ALTER COLUMN b TYPE text USING b || 'x'",
    'ALTER TABLE t ALTER COLUMN b TYPE varchar(10)',
    'ALTER TABLE t ALTER COLUMN l TYPE varchar',
    'ALTER TABLE t ALTER COLUMN l TYPE varchar(100)',
    'ALTER TABLE t ALTER COLUMN f TYPE double precision',
    'ALTER TABLE t ALTER COLUMN n TYPE numeric(12, 2)',
    'ALTER TABLE t ALTER COLUMN n TYPE numeric(12, 3)',
    'ALTER TABLE t ALTER COLUMN n TYPE numeric(8, 2)',
    'ALTER TABLE t ALTER COLUMN n TYPE numeric',
    'ALTER TABLE t ALTER COLUMN w TYPE timestamptz(6)',
    'ALTER TABLE t ALTER COLUMN w TYPE timestamptz',
    'ALTER TABLE t ALTER COLUMN w TYPE timestamptz(0)',
    'ALTER TABLE t ALTER COLUMN z TYPE timestamp(6)',
    'ALTER TABLE t ALTER COLUMN c TYPE char(5)',
    'ALTER TABLE t ALTER COLUMN c TYPE text',
    'ALTER TABLE t ALTER COLUMN net TYPE inet',
    'ALTER TABLE t ALTER COLUMN bits TYPE bit varying(16)',
    'ALTER TABLE t ALTER COLUMN bits TYPE bit varying',
    'ALTER TABLE t ALTER COLUMN a TYPE text',
    'ALTER TABLE t ALTER COLUMN p TYPE integer',
    'ALTER TABLE t ALTER COLUMN a TYPE plain',
    'ALTER TABLE t ALTER COLUMN a TYPE positive',
    'ALTER TABLE t ALTER COLUMN a TYPE bigint',
    'ALTER TABLE t ALTER COLUMN arr TYPE bigint[]',
    'ALTER TABLE t ALTER COLUMN l TYPE text',
  ],
  constraints: [
    'ALTER TABLE t ADD CONSTRAINT x CHECK (a > 0)',
    'ALTER TABLE t ADD CONSTRAINT x CHECK (a > 0) NOT VALID',
    'ALTER TABLE t VALIDATE CONSTRAINT l_old',
    'ALTER TABLE t VALIDATE CONSTRAINT t_parent',
    'ALTER TABLE t DROP CONSTRAINT a_known',
    'ALTER TABLE t DROP CONSTRAINT t_parent',
    'ALTER TABLE t ADD CONSTRAINT x FOREIGN KEY (parent_id) REFERENCES parent (id)',
    'ALTER TABLE t ADD CONSTRAINT x FOREIGN KEY (parent_id) REFERENCES parent (id) NOT VALID',
    'ALTER TABLE t ADD CONSTRAINT x UNIQUE (a)',
    'ALTER TABLE t ADD CONSTRAINT x UNIQUE USING INDEX t_nn',
    'ALTER TABLE t ADD CONSTRAINT x NOT NULL l NOT VALID',
    'ALTER TABLE loose ADD PRIMARY KEY (v)',
    'ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING btree (nn WITH =)',
    'ALTER DOMAIN positive ADD CHECK (VALUE < 1000)',
    'ALTER DOMAIN positive ADD CONSTRAINT x CHECK (VALUE < 1000) NOT VALID',
  ],
  indexes: [
    'CREATE INDEX x ON t (a)',
    'CREATE INDEX x ON ONLY m (v)',
    'CREATE INDEX x ON m (v)',
    'DROP INDEX t_b',
    'REINDEX INDEX t_b',
    'REINDEX TABLE t',
    'ALTER INDEX t_b RENAME TO x',
    'ALTER INDEX t_b SET (fillfactor = 80)',
  ],
  partitions: [
    "ALTER TABLE m ATTACH PARTITION loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    'ALTER TABLE m DETACH PARTITION m_old',
    "CREATE TABLE x PARTITION OF m FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
    "CREATE TABLE x PARTITION OF s FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
    'DROP TABLE m_old',
  ],
  tables: [
    'CREATE TABLE x (id bigint PRIMARY KEY)',
    'CREATE TABLE x (id bigint REFERENCES parent (id))',
    'DROP TABLE child',
    'DROP TABLE loose',
    'ALTER TABLE t RENAME TO x',
    'TRUNCATE loose',
    'ALTER TABLE t SET (fillfactor = 80)',
    'ALTER TABLE t SET (autovacuum_vacuum_scale_factor = 0.1)',
    'ALTER TABLE loose SET UNLOGGED',
    'ALTER TABLE t REPLICA IDENTITY FULL',
    'ALTER TABLE t ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE t DISABLE TRIGGER touched',
    'CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()',
    'DROP TRIGGER touched ON t',
    'CLUSTER t USING t_pkey',
    'LOCK TABLE t IN SHARE MODE',
    'LOCK TABLE t',
    'INSERT INTO loose VALUES (now(), 1)',
  ],
  'types, views and names': [
    "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
    "ALTER TYPE mood ADD VALUE 'glad'",
    'CREATE OR REPLACE VIEW seen AS SELECT id, parent_id AS a, 1 AS one FROM t',
    'DROP VIEW seen',
    'REFRESH MATERIALIZED VIEW kept',
    'ALTER SCHEMA public RENAME TO x',
    'CREATE SEQUENCE x',
    "COMMENT ON TABLE t IS 'x'",
    "COMMENT ON COLUMN t.a IS 'x'",
  ],
};

for (const [operation, list] of Object.entries(statements)) {
  test(`${operation}: the locks, the rewriting and the reading that are predicted are those of a server`, async () => {
    const catalog = await readCatalog(session());
    const wrong: string[] = [];
    for (const text of list) {
      const [linted] = await lintScript(text, catalog);
      assert.ok(linted, text);
      const measured = await measureInTransaction(session(), text);
      const predicted = predictionOf(linted);
      if (JSON.stringify(predicted.locks) !== JSON.stringify(sorted(measured.locks))) {
        wrong.push(
          `${text}: locks ${JSON.stringify(predicted.locks)}, measured ${JSON.stringify(sorted(measured.locks))}`,
        );
      }
      for (const what of ['rewrites', 'scans'] as const) {
        if (predicted[what] !== (measured[what] ? 'yes' : 'no')) {
          wrong.push(`${text}: ${what} ${predicted[what]}, measured ${measured[what]}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  });
}

const outside: readonly (readonly [statement: string, read: string])[] = [
  ['CREATE INDEX CONCURRENTLY later ON t (a)', 'SELECT FROM t LIMIT 1'],
  ['REINDEX INDEX CONCURRENTLY later', 'SELECT FROM t LIMIT 1'],
  ['DROP INDEX CONCURRENTLY later', 'SELECT FROM t LIMIT 1'],
];

test('what can not be in a transaction takes the predicted locks while it waits', async () => {
  for (const [statement, read] of outside) {
    const [linted] = await lintScript(statement, await readCatalog(session()));
    assert.ok(linted);
    const others = { session: session(0), reader: session(1), observer: session(2), read };
    const measured = await measureWhileWaiting(statement, others);
    assert.deepEqual(sorted(measured), predictionOf(linted).locks, statement);
  }
});

function predictionOf({ locks, rewrites, scans }: LintedStatement) {
  const named = locks
    .filter(({ mode }) => mode !== 'ACCESS SHARE')
    .map(({ on, mode }) => [on.name, `${mode.split(' ').map(capital).join('')}Lock`] as const);
  return { locks: sorted(Object.fromEntries(named)), rewrites, scans };
}

function capital(word: string): string {
  return word.charAt(0) + word.slice(1).toLowerCase();
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([left], [right]) => left.localeCompare(right)));
}
