import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lintScript } from './lint.ts';

/** What strong_migrations (its README) warns of, as SQL, with the rule that must find it. */
const unsafeOperations: readonly (readonly [operation: string, sql: string, rule: string])[] = [
  ['remove column', 'ALTER TABLE users DROP COLUMN name', 'remove-column'],
  ['change column type', 'ALTER TABLE users ALTER COLUMN id TYPE bigint', 'change-column-type'],
  ['rename column', 'ALTER TABLE users RENAME COLUMN name TO title', 'rename-column'],
  ['rename table', 'ALTER TABLE users RENAME TO people', 'rename-table'],
  [
    'create table with force',
    'DROP TABLE IF EXISTS users CASCADE; CREATE TABLE users (id bigint)',
    'create-table-force',
  ],
  ['add auto-incrementing column', 'ALTER TABLE users ADD COLUMN n bigserial', 'add-serial-column'],
  [
    'add stored generated column',
    'ALTER TABLE users ADD COLUMN g text GENERATED ALWAYS AS (lower(name)) STORED',
    'add-stored-generated-column',
  ],
  [
    'add foreign key validated',
    'ALTER TABLE orders ADD CONSTRAINT o FOREIGN KEY (user_id) REFERENCES users (id)',
    'add-foreign-key',
  ],
  ['add check constraint validated', 'ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0)', 'add-check-constraint'],
  ['execute raw SQL', "DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$", 'not-checked'],
  [
    'backfill in same transaction as ALTER / single txn',
    "BEGIN; ALTER TABLE users ADD COLUMN kind text; UPDATE users SET kind = 'new'; COMMIT",
    'backfill-with-change',
  ],
  ['backfill alone, in one transaction', "UPDATE users SET kind = 'new'", 'backfill'],
  ['add index non-concurrently', 'CREATE INDEX i ON users (name)', 'add-index'],
  ['add reference with index', 'ALTER TABLE orders ADD COLUMN user_id bigint REFERENCES users (id)', 'add-reference'],
  ['add unique constraint', 'ALTER TABLE users ADD CONSTRAINT u UNIQUE (email)', 'add-unique-constraint'],
  [
    'add exclusion constraint',
    'ALTER TABLE stays ADD CONSTRAINT e EXCLUDE USING gist (room WITH =, during WITH &&)',
    'add-exclusion-constraint',
  ],
  ['add json column', 'ALTER TABLE users ADD COLUMN settings json', 'add-json-column'],
  [
    'add column with volatile default',
    'ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid()',
    'add-column-volatile-default',
  ],
  ['set NOT NULL on existing column', 'ALTER TABLE users ALTER COLUMN name SET NOT NULL', 'set-not-null'],
  ['rename enum value', "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", 'rename-enum-value'],
  ['rename schema', 'ALTER SCHEMA shop RENAME TO store', 'rename-schema'],
  ['non-unique index on >3 columns', 'CREATE INDEX CONCURRENTLY i ON users (a, b, c, d)', 'wide-index'],
];

for (const [operation, sql, rule] of unsafeOperations) {
  test(`found: ${operation}`, async () => {
    const linted = await lintScript(sql);
    const found = linted.flatMap(({ findings }) => findings);
    assert.ok(
      found.some((finding) => finding.rule === rule),
      `${rule} is not among ${JSON.stringify(found.map((finding) => finding.rule))}`,
    );
    assert.ok(found.every(({ message }) => message.length > 0));
  });
}

const safeScripts: Readonly<Record<string, string>> = {
  'a table is made and filled, with all that belongs to it': `
    BEGIN;
    CREATE TABLE users (id bigserial PRIMARY KEY, name text);
    CREATE INDEX i ON users (name);
    ALTER TABLE users ADD COLUMN kind text NOT NULL;
    ALTER TABLE users ALTER COLUMN name SET NOT NULL;
    UPDATE users SET kind = 'x';
    COMMIT`,
  'a column with a constant default': "ALTER TABLE users ADD COLUMN kind text NOT NULL DEFAULT 'new'",
  'a column with the time of the transaction': 'ALTER TABLE users ADD COLUMN at timestamptz DEFAULT now()',
  'NOT NULL by a constraint that is validated': `
    ALTER TABLE users ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID;
    ALTER TABLE users VALIDATE CONSTRAINT named;
    ALTER TABLE users ALTER COLUMN name SET NOT NULL;
    ALTER TABLE users DROP CONSTRAINT named`,
  'a foreign key in two steps': `
    ALTER TABLE orders ADD CONSTRAINT o FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
    ALTER TABLE orders VALIDATE CONSTRAINT o`,
  'a unique constraint by an index': `
    CREATE UNIQUE INDEX CONCURRENTLY u ON users (email);
    ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX u`,
  'an index is built again': 'REINDEX INDEX CONCURRENTLY u',
  'an enum gets a value': "ALTER TYPE mood ADD VALUE 'glad'",
};

for (const [what, script] of Object.entries(safeScripts)) {
  test(`nothing to find: ${what}`, async () => {
    const linted = await lintScript(script);
    assert.deepEqual(
      linted.flatMap(({ findings }) => findings),
      [],
    );
  });
}

test('an unproved SET NOT NULL is found, also after a constraint that was not validated', async () => {
  const script = `ALTER TABLE users ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID;
    ALTER TABLE users ALTER COLUMN name SET NOT NULL`;
  const [, second] = await lintScript(script);
  assert.equal(second?.findings[0]?.rule, 'set-not-null');
});

test('what can not be in a transaction, and changes that share one, are told', async () => {
  const script = `BEGIN; ALTER TABLE a ADD COLUMN x integer; ALTER TABLE b ADD COLUMN x integer;
    CREATE INDEX CONCURRENTLY i ON a (x); COMMIT`;
  const rules = (await lintScript(script)).map(({ findings }) => findings.map(({ rule }) => rule));
  assert.deepEqual(rules, [[], [], ['several-changes'], ['concurrently-in-transaction'], []]);
});

test('statements are told with their line and column, as they were written', async () => {
  const script = '-- first\n\n/* a /* nested */ comment */ ALTER TABLE "Ünder" DROP COLUMN a;\n  DROP INDEX i ; ';
  const linted = await lintScript(script);
  assert.deepEqual(
    linted.map(({ statement }) => [statement.line, statement.column, statement.text]),
    [
      [3, 30, 'ALTER TABLE "Ünder" DROP COLUMN a'],
      [4, 3, 'DROP INDEX i'],
    ],
  );
});

test('what is no SQL is refused with the place', async () => {
  await assert.rejects(lintScript('SELECT 1;\nALTER TABEL x'), {
    code: 'sql_syntax',
    message: 'line 2, column 7: syntax error at or near "TABEL"',
  });
  await assert.rejects(lintScript('\\connect shop\nSELECT 1'), {
    code: 'sql_syntax',
    message: /\\connect is a command of psql/,
  });
  assert.deepEqual(await lintScript(''), []);
  assert.deepEqual(await lintScript('-- nothing\n;'), []);
});
